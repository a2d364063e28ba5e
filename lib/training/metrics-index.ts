/** `torch.metrics`: what a Trainer can measure; usable in a loop of one's own too. */
export { accuracy, confusionMatrix, mean } from './metrics.js';
