/** The training loop: the plain loop's calls in the plain loop's order, and what stands around them. */
import { ArgumentError, ValueError } from '../errors.js';
import { CallbackList, type FitContext } from './callbacks.js';
import { readCheckpoint } from './checkpoint-store.js';
import { emptyLoader, evaluateLoader, lengthOf } from './evaluate.js';
import { Measures } from './measure.js';
import type { MetricSet } from './metrics.js';
import { rememberModes } from './modes.js';
import { improves, modeOf, monitored } from './monitor.js';
import type { ProgressBar } from './progress.js';
import { captureRandom, type RandomState, restoreRandom } from './random-state.js';
import {
  packRun,
  type Position,
  type RunParts,
  type RunRandom,
  startPosition,
  unpackRun,
  type UnpackedRun,
} from './run-state.js';
import type { Setup } from './setup.js';
import { breathe, StopWatch } from './stop.js';
import { type BatchLoss, ratesOf, TrainStep } from './train-step.js';
import type {
  EpochRecord,
  FitOptions,
  FitResult,
  History,
  Loader,
  Measured,
  OptimizerLike,
} from './types.js';

/** @internal One call of `fit`. */
export class FitRun<Batch, Output, M extends MetricSet<Output>> {
  private readonly optimizer: OptimizerLike;
  private readonly measures: Measures<Output, M>;
  private readonly trainStep: TrainStep<Batch, Output, M>;
  private readonly callbacks: CallbackList;
  private readonly epochs: number;
  private readonly context: FitContext;
  private readonly stop: StopWatch;
  private at: Position = startPosition();
  /** The checkpoint that the coming epoch begins from. */
  private resumed: UnpackedRun | null = null;
  private epochRandom: RandomState | null = null;
  private written: string | null = null;
  private started = 0;
  private epochStarted = 0;

  constructor(
    private readonly setup: Setup<Batch, Output, M>,
    private readonly loader: Loader<Batch>,
    private readonly options: FitOptions<Batch>,
  ) {
    if (setup.optimizer === null)
      throw new ArgumentError(
        'Trainer: fit needs the option optimizer, such as new optim.Adam(model.parameters(), { lr: 0.001 })',
      );
    setup.batchStep.requireLoss();
    this.optimizer = setup.optimizer;
    this.epochs = options.epochs ?? 1;
    this.measures = new Measures(setup.metrics);
    this.measures.reset();
    this.trainStep = new TrainStep(setup, this.optimizer, this.measures);
    this.callbacks = new CallbackList(setup.callbacks());
    this.stop = new StopWatch(options.signal, setup.options.handleSignals ?? true);
    this.context = this.makeContext();
  }

  async run(): Promise<FitResult<M>> {
    const restoreModes = rememberModes(this.setup.model);
    try {
      await this.resume();
      this.started = performance.now() - this.at.seconds * 1000;
      const result = await this.train();
      await this.callbacks.fitEnd(this.context, result as FitResult);
      return result;
    } finally {
      this.stop.close();
      restoreModes();
    }
  }

  private async train(): Promise<FitResult<M>> {
    try {
      await this.callbacks.fitStart(this.context);
      this.callbacks.loadStateDicts(this.resumed?.callbacks ?? []);
      while (this.at.epoch < this.epochs && !this.stop.requested) await this.checkpoint(await this.epoch());
      return this.result();
    } catch (error) {
      // What went wrong first is what the caller must hear of.
      await this.callbacks.fitEnd(this.context, null).catch(() => undefined);
      throw error;
    }
  }

  /** One epoch, or what is left of it; its record where it came to its end. */
  private async epoch(): Promise<EpochRecord<M> | null> {
    const { setup, at } = this;
    this.epochStarted = performance.now() - at.epochSeconds * 1000;
    const resumed = this.resumed;
    this.resumed = null;
    if (resumed !== null) restoreRandom(resumed.random.now, this.loader);
    setup.model.train();
    if (at.batch === 0) this.measures.reset();
    await this.callbacks.epochStart(this.context);
    if (this.stop.requested && at.batch === 0) {
      this.epochRandom = captureRandom(this.loader);
      return null;
    }
    // Inside an epoch the generators go back to its start: the order of the batches comes again.
    if (resumed !== null && at.batch > 0) restoreRandom(resumed.random.epoch, this.loader);
    this.epochRandom = captureRandom(this.loader);
    const whole = await this.trainOver(resumed?.random.now ?? null);
    if (!whole) return null;
    // Validation uses the same metrics.
    const train = this.measures.result();
    const validation = await this.validate();
    if (validation === undefined) return null;

    const record: EpochRecord<M> = {
      epoch: at.epoch,
      steps: at.step,
      lr: ratesOf(this.optimizer),
      seconds: since(this.epochStarted),
      train,
      validation,
    };
    setup.schedules.afterEpoch(record as EpochRecord);
    at.epochs.push(record as EpochRecord);
    await this.callbacks.epochEnd(this.context, record as EpochRecord);
    at.epoch++;
    at.batch = 0;
    at.step = 0;
    return record;
  }

  /** The steps of an epoch; false where it was stopped before its end. */
  private async trainOver(continueWith: RandomState | null): Promise<boolean> {
    const { setup, loader, at, stop } = this;
    const total = lengthOf(loader, this.options.limitBatches);
    const skip = at.batch;
    const bar = setup.progressBar(`Epoch ${at.epoch + 1}/${this.epochs}`, this.stepsOf(total));
    const group: BatchLoss[] = [];
    let seen = 0;
    let size = 1;
    try {
      for await (const raw of loader) {
        seen++;
        if (seen <= skip) {
          // Done before the checkpoint. From the next batch on, the generators stand where they stood then.
          if (seen === skip && continueWith !== null) restoreRandom(continueWith, loader);
        } else {
          if (group.length === 0) size = this.groupSize(seen, total);
          group.push(await this.trainStep.batch(raw, group.length === 0, size, at));
          if (group.length === size) await this.update(group.splice(0), seen, bar);
          await breathe();
        }
        const between = group.length === 0 && seen >= skip;
        if (between && stop.requested) return false;
        if (between && seen > skip && this.dueInside()) await this.write(null, false);
        if (seen === this.options.limitBatches) break;
      }
      if (seen === 0) throw emptyLoader('training');
      if (seen < skip)
        throw new ValueError(
          `Trainer: the checkpoint stands after batch ${skip} of its epoch, but the loader gave only ${seen}; resume with the data and batch size it was saved with`,
        );
      // The loader was shorter than it said: the last step is made of fewer batches.
      if (group.length > 0) await this.update(group.splice(0), seen, bar);
    } finally {
      bar?.close();
    }
    return !stop.requested;
  }

  /** A step of the optimizer over the batches since the last one. */
  private async update(group: readonly BatchLoss[], seen: number, bar: ProgressBar | null): Promise<void> {
    const { at } = this;
    const event = this.trainStep.update(group);
    at.losses.push(event.loss);
    at.batch = seen;
    at.step++;
    at.globalStep++;
    bar?.update(at.step, { loss: event.loss, samples: this.measures.samples });
    await this.callbacks.stepEnd(this.context, event);
  }

  /** Validation's result, null where there is none, undefined where it was stopped. */
  private async validate(): Promise<Measured<M> | null | undefined> {
    const { validation } = this.options;
    if (validation === undefined) return null;
    const afterSteps = captureRandom(this.loader);
    const { stop } = this;
    const { loss, metrics, samples, stopped } = await evaluateLoader(this.setup, validation, {
      stopped: () => stop.requested,
      label: 'Validation',
    });
    if (!stopped) return { loss, metrics, samples };
    // It is done again when the run goes on.
    restoreRandom(afterSteps, this.loader);
    return undefined;
  }

  // ---- checkpoints ----

  private async resume(): Promise<void> {
    const { resume = false } = this.options;
    const { checkpoints } = this.setup;
    if (resume === false) return;
    let file = resume;
    if (file === true) {
      if (checkpoints === null)
        throw new ArgumentError(
          'Trainer: resume: true needs the option checkpointDir, or give resume a file',
        );
      if (!checkpoints.exists()) return;
      file = checkpoints.last;
    }
    this.resumed = unpackRun(this.parts(), await readCheckpoint(file));
    this.at = this.resumed.position;
  }

  private dueInside(): boolean {
    const every = this.setup.checkpoints?.everySteps ?? null;
    return every !== null && this.at.globalStep % every === 0;
  }

  /** The checkpoint after an epoch, whole or stopped. */
  private async checkpoint(ended: EpochRecord<M> | null): Promise<void> {
    const { checkpoints } = this.setup;
    if (checkpoints === null) return;
    if (ended === null) return this.write(null, false);
    const last = this.at.epoch >= this.epochs || this.stop.requested;
    const { name, value } = monitored(ended as EpochRecord, this.setup.options.checkpoint ?? {});
    const isBest = improves(value, this.at.best, modeOf(name, this.setup.options.checkpoint?.mode));
    if (isBest) this.at.best = value;
    if (isBest || last || this.at.epoch % checkpoints.every === 0) await this.write(this.at.epoch, isBest);
  }

  private async write(epoch: number | null, isBest: boolean): Promise<void> {
    const { checkpoints } = this.setup;
    if (checkpoints === null) return;
    this.at.seconds = since(this.started);
    this.at.epochSeconds = this.at.batch > 0 ? since(this.epochStarted) : 0;
    const now = captureRandom(this.loader);
    const random: RunRandom = { epoch: this.at.batch > 0 ? (this.epochRandom ?? now) : now, now };
    await checkpoints.write(packRun(this.parts(), this.at, random), epoch, isBest);
    this.written = checkpoints.last;
  }

  private parts(): RunParts<Batch, Output, M> {
    const { setup, optimizer, measures, callbacks } = this;
    return { setup, optimizer, measures, callbacks };
  }

  // ---- what others see ----

  private stepsOf(batches: number | undefined): number | undefined {
    return batches === undefined ? undefined : Math.ceil(batches / this.setup.accumulate);
  }

  /** Batches of the step that begins at batch `seen`: the last one of an epoch may have fewer. */
  private groupSize(seen: number, total: number | undefined): number {
    const { accumulate } = this.setup;
    return total === undefined || total < seen ? accumulate : Math.min(accumulate, total - seen + 1);
  }

  private makeContext(): FitContext {
    const run = this;
    return {
      model: this.setup.model,
      optimizer: this.optimizer,
      epochs: this.epochs,
      get epoch() {
        return run.at.epoch;
      },
      get step() {
        return run.at.step;
      },
      get globalStep() {
        return run.at.globalStep;
      },
      get stepsPerEpoch() {
        return run.stepsOf(lengthOf(run.loader, run.options.limitBatches));
      },
      get history() {
        return run.history() as History;
      },
      stop: (detail) => run.stop.request('callback', detail ?? null),
    };
  }

  private history(): History<M> {
    return { losses: this.at.losses, epochs: this.at.epochs as EpochRecord<M>[] };
  }

  private result(): FitResult<M> {
    const { reason, detail } = this.stop;
    const stopped = reason !== null && this.at.epoch < this.epochs;
    return {
      history: this.history(),
      stopped,
      reason: stopped ? reason : 'completed',
      detail: stopped ? detail : null,
      steps: this.at.globalStep,
      seconds: since(this.started),
      checkpoint: this.written,
    };
  }
}

function since(milliseconds: number): number {
  return (performance.now() - milliseconds) / 1000;
}
