/** A step of training: the plain loop's calls, in the plain loop's order. */
import type { StepEvent } from './callbacks.js';
import { NonFiniteLossError } from './errors.js';
import type { Measures } from './measure.js';
import type { MetricSet } from './metrics.js';
import type { Setup } from './setup.js';
import type { StepResult } from './step.js';
import type { OptimizerLike } from './types.js';

/** What a batch came to, as a number. */
export interface BatchLoss {
  value: number;
  samples: number;
}

/** The groups' learning rates. */
export function ratesOf({ paramGroups }: OptimizerLike): number[] {
  return paramGroups.map(({ lr }) => (typeof lr === 'object' ? Number(lr.item()) : (lr ?? Number.NaN)));
}

/** @internal */
export class TrainStep<Batch, Output, M extends MetricSet<Output>> {
  private warned = false;

  constructor(
    private readonly setup: Setup<Batch, Output, M>,
    private readonly optimizer: OptimizerLike,
    private readonly measures: Measures<Output, M>,
  ) {}

  /**
   * Forward and backward of one batch.
   *
   * @param first Whether a step of the optimizer begins with it.
   * @param size The batches of that step.
   * @param at Where the run stands, for errors.
   */
  async batch(
    raw: Batch,
    first: boolean,
    size: number,
    at: { readonly epoch: number; readonly step: number },
  ): Promise<BatchLoss> {
    const { setup, optimizer } = this;
    const { batchStep, precision } = setup;
    const batch = batchStep.prepare(raw);
    if (first) optimizer.zeroGrad();
    const computed = precision.forward(() => batchStep.compute(batch));
    const result: StepResult<Output> = computed instanceof Promise ? await computed : computed;
    const { loss } = result;
    // On the CPU the value is there: a bad one is caught before it reaches the weights. On a device,
    // asking for it now would make the backward pass wait.
    const early = loss.isCpu ? this.checked(Number(loss.item()), at) : null;
    precision.backward(size === 1 ? loss : loss.div(size));
    const value = early ?? this.checked(Number(loss.item()), at);
    this.measures.add(value, result);
    return { value, samples: result.samples };
  }

  /** The optimizer's step over the batches since the last one. */
  update(group: readonly BatchLoss[]): StepEvent {
    const lr = ratesOf(this.optimizer);
    this.setup.precision.step(this.optimizer);
    this.setup.schedules.afterStep();
    let loss = 0;
    let samples = 0;
    for (const batch of group) {
      loss += batch.value;
      samples += batch.samples;
    }
    return { loss: loss / group.length, samples, lr };
  }

  private checked(value: number, at: { readonly epoch: number; readonly step: number }): number {
    const { onNonFinite } = this.setup;
    if (Number.isFinite(value) || onNonFinite === 'ignore') return value;
    const error = new NonFiniteLossError(value, at.epoch, at.step + 1);
    if (onNonFinite === 'throw') throw error;
    if (!this.warned) process.emitWarning(error.message);
    this.warned = true;
    return value;
  }
}
