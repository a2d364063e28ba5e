/** `torch.Trainer` and what it is made of; progress bars for loops of one's own. */
export type { Callback, FitContext, StepEvent } from './callbacks.js';
export type { CheckpointOptions } from './checkpoint-store.js';
export { EarlyStopping, type EarlyStoppingOptions } from './early-stopping.js';
export { NonFiniteLossError } from './errors.js';
export * as metrics from './metrics-index.js';
export type { AccuracyOptions, Metric, MetricFunction, MetricSet, MetricValues } from './metrics.js';
export type { MonitorMode, MonitorName, MonitorOptions } from './monitor.js';
export { ProgressBar, type ProgressOptions, type ProgressState, type ProgressStream } from './progress.js';
export type { ScheduleOptions, SchedulerLike, SchedulerOption } from './schedule.js';
export { Trainer } from './trainer.js';
export type {
  AmpOptions,
  CallableModule,
  Criterion,
  EpochRecord,
  EvaluateOptions,
  EvaluateResult,
  FitOptions,
  FitResult,
  History,
  Loader,
  Measured,
  NonFiniteAction,
  OptimizerLike,
  PredictOptions,
  StepFunction,
  StepOutput,
  StopReason,
  TrainableModule,
  TrainerOptions,
} from './types.js';
