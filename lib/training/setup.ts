/** A Trainer's options, checked once and ready for use. */
import { ArgumentError, ValueError } from '../errors.js';
import { Module } from '../nn/module.js';
import { type Device, device } from '../tensor/index.js';
import type { Callback } from './callbacks.js';
import { CheckpointStore } from './checkpoint-store.js';
import { EarlyStopping } from './early-stopping.js';
import { Measures } from './measure.js';
import type { MetricSet } from './metrics.js';
import { Precision } from './precision.js';
import { ProgressBar } from './progress.js';
import { Schedules } from './schedule.js';
import { BatchStep } from './step.js';
import { StepLog } from './step-log.js';
import { TensorBoardLog } from './tensorboard-log.js';
import type {
  CallableModule,
  NonFiniteAction,
  OptimizerLike,
  TrainableModule,
  TrainerOptions,
} from './types.js';

const known: Record<keyof TrainerOptions<unknown, unknown>, true> = {
  criterion: true,
  optimizer: true,
  scheduler: true,
  device: true,
  metrics: true,
  callbacks: true,
  amp: true,
  clipGradNorm: true,
  accumulate: true,
  checkpointDir: true,
  checkpoint: true,
  earlyStopping: true,
  tensorboard: true,
  progress: true,
  logEvery: true,
  log: true,
  onNonFinite: true,
  step: true,
  forward: true,
  prepareBatch: true,
  handleSignals: true,
};

/** Fails for options that do not exist: a misspelt one must not be passed over in silence. */
export function checkKeys(name: string, options: object, names: readonly string[]): void {
  for (const key of Object.keys(options))
    if (!names.includes(key))
      throw new ArgumentError(`${name} got an unexpected option '${key}'; known: ${names.join(', ')}`);
}

/** Fails for anything but a whole number from `least`. */
export function checkWhole(name: string, value: number | undefined, least: number): void {
  if (value !== undefined && (!Number.isInteger(value) || value < least))
    throw new ValueError(`${name} must be a whole number from ${least}, got ${value}`);
}

/** @internal */
export class Setup<Batch, Output, M extends MetricSet<Output>> {
  readonly model: CallableModule<Output>;
  readonly device: Device;
  readonly optimizer: OptimizerLike | null;
  readonly metrics: M | undefined;
  readonly schedules: Schedules;
  readonly precision: Precision;
  readonly batchStep: BatchStep<Batch, Output>;
  readonly checkpoints: CheckpointStore | null;
  readonly accumulate: number;
  readonly onNonFinite: NonFiniteAction;

  constructor(
    model: TrainableModule<Output>,
    readonly options: TrainerOptions<Batch, Output, M>,
  ) {
    if (!(model instanceof Module))
      throw new ArgumentError(
        'Trainer expects a model first: new torch.Trainer(model, { criterion, optimizer })',
      );
    checkKeys('Trainer', options, Object.keys(known));
    const { criterion, optimizer, clipGradNorm, accumulate = 1, onNonFinite = 'throw' } = options;
    if (criterion !== undefined && typeof criterion !== 'function')
      throw new ArgumentError('Trainer: criterion must be a module or a function of output and labels');
    if (optimizer !== undefined && typeof optimizer?.step !== 'function')
      throw new ArgumentError(
        'Trainer: optimizer must be an optimizer, such as new optim.Adam(model.parameters())',
      );
    checkWhole('Trainer: accumulate', accumulate, 1);
    checkWhole('Trainer: logEvery', options.logEvery, 1);
    if (!['throw', 'warn', 'ignore'].includes(onNonFinite))
      throw new ArgumentError(`Trainer: onNonFinite is 'throw', 'warn' or 'ignore', got '${onNonFinite}'`);
    this.model = model as CallableModule<Output>;
    this.device = options.device === undefined ? deviceOf(model) : device(options.device);
    if (options.device !== undefined) {
      model.to(this.device);
      if (criterion instanceof Module) criterion.to(this.device);
    }
    this.optimizer = optimizer ?? null;
    this.metrics = options.metrics;
    new Measures<Output, M>(options.metrics); // complains about what is no metric, now and not after an epoch
    this.schedules = new Schedules(options.scheduler);
    const clip = typeof clipGradNorm === 'number' ? { maxNorm: clipGradNorm } : (clipGradNorm ?? null);
    this.precision = new Precision(options.amp, this.device, clip);
    this.batchStep = new BatchStep(this.model, this.device, options);
    this.checkpoints =
      options.checkpointDir === undefined
        ? null
        : new CheckpointStore(options.checkpointDir, options.checkpoint);
    this.accumulate = accumulate;
    this.onNonFinite = onNonFinite;
  }

  /** The user's callbacks and those that options stand for; new ones for each run. */
  callbacks(): Callback[] {
    const { callbacks = [], earlyStopping, logEvery, log, tensorboard } = this.options;
    const list: Callback[] = [...callbacks];
    if (earlyStopping !== undefined) list.push(new EarlyStopping(earlyStopping));
    if (logEvery !== undefined) list.push(new StepLog(logEvery, log));
    if (tensorboard !== undefined) list.push(new TensorBoardLog(tensorboard));
    return list;
  }

  progressBar(label: string, total: number | undefined): ProgressBar | null {
    const { progress = true } = this.options;
    if (progress === false) return null;
    return new ProgressBar({ clear: true, ...(progress === true ? {} : progress), label, total });
  }
}

function deviceOf(model: Module): Device {
  for (const parameter of model.parameters()) return parameter.device;
  return device('cpu');
}
