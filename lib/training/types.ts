/** What a {@link Trainer} takes and gives. */
import type { AutocastOptions } from '../autograd/index.js';
import type { GradScalerOptions } from '../amp/index.js';
import type { Module } from '../nn/module.js';
import type { DeviceLike, Tensor } from '../tensor/index.js';
import type { Callback } from './callbacks.js';
import type { CheckpointOptions } from './checkpoint-store.js';
import type { EarlyStoppingOptions } from './early-stopping.js';
import type { MetricSet, MetricValues } from './metrics.js';
import type { ProgressOptions } from './progress.js';
import type { SchedulerOption } from './schedule.js';
import type { SummaryWriter } from './tensorboard/index.js';

/** Batches in turn, as often as asked: a `DataLoader`, an array, a generator's object. */
export type Loader<Batch> = (AsyncIterable<Batch> | Iterable<Batch>) & {
  /** Batches of one pass, where that is known. */
  readonly length?: number;
};

/** A model: any module. Its output's type comes from its `forward`. */
export type TrainableModule<Output> = Module & { forward(...args: never[]): Output };

/** A model as a step calls it. */
// biome-ignore lint/suspicious/noExplicitAny: a user's `forward` takes what it likes
export type CallableModule<Output> = Module<any[], Output>;

/** A loss: a module such as `nn.CrossEntropyLoss`, or a function. Gives a tensor of one element. */
export type Criterion<Output> = (output: Output, labels: Tensor) => Tensor;

/** What a step gives beside the loss. */
export interface StepOutput<Output> {
  /** A tensor of one element. */
  loss: Tensor;
  /** For the metrics. */
  output?: Output;
  /** For the metrics. */
  labels?: Tensor;
  /** Samples in the batch. Default: the first size of the batch's first tensor. */
  samples?: number;
}

/** Forward pass and loss of one batch, for losses that do not fit `criterion(model(inputs), labels)`. */
export type StepFunction<Batch, Output> = (
  model: CallableModule<Output>,
  batch: Batch,
) => Tensor | StepOutput<Output> | Promise<Tensor | StepOutput<Output>>;

/** An optimizer, as far as a training loop knows it. */
export interface OptimizerLike {
  readonly paramGroups: readonly { readonly params: readonly Tensor[]; lr?: number | Tensor }[];
  step(): unknown;
  zeroGrad(): void;
  stateDict(): object;
  loadStateDict(state: never): void;
}

/** Mixed precision in detail. */
export interface AmpOptions extends Omit<AutocastOptions, 'enabled'> {
  /** Loss scaling. Default: on for float16, off for bfloat16. */
  scaler?: boolean | Omit<GradScalerOptions, 'enabled' | 'device'>;
}

/** What to do about a loss that is NaN or infinite. */
export type NonFiniteAction = 'throw' | 'warn' | 'ignore';

/** Options of a {@link Trainer}. */
export interface TrainerOptions<Batch, Output, M extends MetricSet<Output> = MetricSet<Output>> {
  /** The loss. Needed unless `step` is given. */
  criterion?: Criterion<Output>;
  /** Needed for `fit`. */
  optimizer?: OptimizerLike;
  /** One schedule or several: a bare scheduler steps after each epoch. */
  scheduler?: SchedulerOption | readonly SchedulerOption[];
  /** The model, the loss and each batch are moved there. Default: where the model's parameters are. */
  device?: DeviceLike;
  /** By the name they are reported under. Default: none but the loss. */
  metrics?: M;
  callbacks?: readonly Callback[];
  /** Mixed precision: float16 with loss scaling on CUDA, bfloat16 on the CPU. Default: false. */
  amp?: boolean | AmpOptions;
  /** Scales the gradients down to this norm at most. Default: no limit. */
  clipGradNorm?: number | { maxNorm: number; normType?: number };
  /** Batches whose gradients make one step of the optimizer, their losses averaged. Default: 1. */
  accumulate?: number;
  /** Where `last.pth` and `best.pth` go. Default: no checkpoints. */
  checkpointDir?: string;
  /** How often, and what counts as best. */
  checkpoint?: CheckpointOptions;
  /** Ends training when a value no longer improves. */
  earlyStopping?: EarlyStoppingOptions;
  /** A folder for TensorBoard's files, or a writer of your own. */
  tensorboard?: string | SummaryWriter;
  /** A bar on the terminal; its options, or false for none. Default: true. */
  progress?: boolean | ProgressOptions;
  /** Prints the mean loss every so many steps. Default: never. */
  logEvery?: number;
  /** Where `logEvery` prints. Default: `console.log`. */
  log?: (line: string) => void;
  /** A loss that is NaN or infinite ends the run, warns once, or passes. Default: `'throw'`. */
  onNonFinite?: NonFiniteAction;
  /** Forward pass and loss in your own way. */
  step?: StepFunction<Batch, Output>;
  /** The forward pass alone. Default: `model(inputs)`, the inputs being all of the batch but the labels. */
  forward?: (model: CallableModule<Output>, batch: Batch) => Output;
  /** Changes a batch after it was moved to the device (layout, mixing, noise). */
  prepareBatch?: (batch: Batch) => Batch;
  /** SIGINT and SIGTERM end `fit` in order; a second one ends the process as usual. Default: true. */
  handleSignals?: boolean;
}

/** Options of `fit`. */
export interface FitOptions<Batch> {
  /** Passes over the loader, those of an earlier, resumed run included. Default: 1. */
  epochs?: number;
  /** Evaluated after every epoch. */
  validation?: Loader<Batch>;
  /** Batches of an epoch at most. Default: all. */
  limitBatches?: number;
  /**
   * Goes on from a checkpoint: `true` from `last.pth` in `checkpointDir` (from the start where there is
   * none), or from a file. Default: false.
   */
  resume?: boolean | string;
  /** Ends the run in order when it aborts. */
  signal?: AbortSignal;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Batches at most. Default: all. */
  limitBatches?: number;
  /** Ends it when it aborts; what was seen until then is the result. */
  signal?: AbortSignal;
}

/** Options of `predict`. */
export interface PredictOptions<Output, Kept> extends EvaluateOptions {
  /** What is kept of each output. Default: the output itself, on the CPU. */
  map?: (output: Output, index: number) => Kept;
}

/** Loss and metrics over some batches, weighted by their sizes. */
export interface Measured<M = Record<string, unknown>> {
  loss: number;
  metrics: MetricValues<M>;
  samples: number;
}

/** What `evaluate` found. */
export interface EvaluateResult<M = Record<string, unknown>> extends Measured<M> {
  batches: number;
  seconds: number;
  /** Whether it was ended before the last batch. */
  stopped: boolean;
}

/** One epoch of a run. */
export interface EpochRecord<M = Record<string, unknown>> {
  /** Counted from 0. */
  epoch: number;
  /** Steps of the optimizer. */
  steps: number;
  /** The groups' learning rates at its end, before the schedule's next step. */
  lr: number[];
  seconds: number;
  train: Measured<M>;
  validation: Measured<M> | null;
}

/** All of a run, with what came before it was resumed. */
export interface History<M = Record<string, unknown>> {
  /** One a step. */
  losses: number[];
  epochs: EpochRecord<M>[];
}

/** Why a run ended. */
export type StopReason = 'completed' | 'signal' | 'aborted' | 'callback';

/** What `fit` gives. */
export interface FitResult<M = Record<string, unknown>> {
  history: History<M>;
  /** Whether it ended before its last epoch was over. */
  stopped: boolean;
  reason: StopReason;
  /** In words, such as `'SIGINT'` or what a callback said. */
  detail: string | null;
  /** Steps of the optimizer, those before a resume included. */
  steps: number;
  seconds: number;
  /** The checkpoint to go on from, where there is one. */
  checkpoint: string | null;
}
