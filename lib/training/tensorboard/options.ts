import type { HistogramBins } from './histogram.js';
import type { DataFormats } from './image-value.js';
import type { Step } from './messages.js';

/** Options of `SummaryWriter`, with the names and defaults of Python. */
export interface SummaryWriterOptions {
  /** Default: `runs/` with date, host and `comment`. */
  logDir?: string;
  /** Appended to the default folder's name; default `''`. */
  comment?: string;
  /** After a crash: TensorBoard hides what was logged from this step on. */
  purgeStep?: Step;
  /** Events that wait in memory before they are written; default 10. */
  maxQueue?: number;
  /** Seconds after which waiting events are written in any case; default 120. */
  flushSecs?: number;
  /** Appended to the names of the files; default `''`. */
  filenameSuffix?: string;
}

/** When something was logged. */
export interface EventOptions {
  /** The training step. */
  globalStep?: Step;
  /** Seconds since 1970; default now. */
  walltime?: number;
}

/** Options of `SummaryWriter.addScalar`. */
export interface ScalarOptions extends EventOptions {
  /** As a tensor instead of a simple value, which TensorBoard loads faster; default `false`. */
  newStyle?: boolean;
  /** Keeps 64 bits of a new-style value; default `false`. */
  doublePrecision?: boolean;
}

/** Options of `SummaryWriter.addHistogram`. */
export interface HistogramOptions extends EventOptions {
  /** Default `'tensorflow'`: edges that grow by a tenth from 1e-12 to 1e20 on both sides of zero. */
  bins?: HistogramBins;
  /** Joins neighbouring buckets until about so many are left; default none. */
  maxBins?: number;
}

/** Options of `SummaryWriter.addImage`. */
export interface ImageOptions extends EventOptions {
  /** The order of a tensor's dimensions; default `'CHW'`. Pixels and PNG bytes need none. */
  dataformats?: DataFormats;
}

/** Options of `SummaryWriter.addHparams`. */
export interface HparamsOptions {
  /** Every value that a hyperparameter may take, by its name. */
  hparamDomainDiscrete?: Readonly<Record<string, readonly (number | string | boolean)[]>>;
  /** Folder of the run below the writer's; default the time. */
  runName?: string;
  globalStep?: Step;
}

/** A number, or a tensor of one element. */
export type ScalarInput = number | bigint | { item(): number | bigint | boolean };
