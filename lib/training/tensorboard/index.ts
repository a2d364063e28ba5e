/** Event files that TensorBoard reads. */
export type { HistogramBins } from './histogram.js';
export type { HparamValue } from './hparams.js';
export type { DataFormats, ImageInput, TensorLike } from './image-value.js';
export type { Step } from './messages.js';
export type * from './options.js';
export { SummaryWriter } from './summary-writer.js';
