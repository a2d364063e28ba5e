/** `torch.Trainer` and what it is made of; progress bars for loops of one's own. */
export { ProgressBar, type ProgressOptions, type ProgressState, type ProgressStream } from './progress.js';
