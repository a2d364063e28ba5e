/** Loss and metrics over the batches of an epoch or an evaluation. */
import { ArgumentError } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import { detached } from './batch.js';
import { type Metric, type MetricSet, type MetricValues, updateMetric, WeightedMean } from './metrics.js';
import type { StepResult } from './step.js';
import type { Measured } from './types.js';

/** @internal The running loss and metrics. */
export class Measures<Output, M extends MetricSet<Output>> {
  private readonly loss = new WeightedMean();
  private readonly metrics: [name: string, metric: Metric<Output, unknown>][];
  samples = 0;

  constructor(set: M | undefined) {
    this.metrics = Object.entries(set ?? {}).map(([name, metric]) => {
      if (name === 'loss')
        throw new ArgumentError("Trainer: the name 'loss' is taken; name the metric otherwise");
      if (typeof metric === 'function') return [name, new WeightedMean<Output>(metric)];
      if (typeof metric?.update !== 'function' || typeof metric.compute !== 'function')
        throw new ArgumentError(
          `Trainer: metric '${name}' must be one of torch.metrics or a function of output and labels`,
        );
      return [name, metric];
    });
  }

  reset(): void {
    this.loss.reset();
    this.samples = 0;
    for (const [, metric] of this.metrics) metric.reset();
  }

  add(value: number, { output, labels, samples }: StepResult<Output>): void {
    this.loss.add(value, samples);
    this.samples += samples;
    if (this.metrics.length === 0) return;
    if (output === undefined || labels === undefined)
      throw new ArgumentError(
        `Trainer: the metrics ${this.metrics.map(([name]) => name).join(', ')} need what the step saw; return { loss, output, labels } from step`,
      );
    const plain = detached(output);
    for (const [, metric] of this.metrics) updateMetric(metric, plain, labels as Tensor, samples);
  }

  result(): Measured<M> {
    return {
      loss: this.loss.compute(),
      metrics: Object.fromEntries(
        this.metrics.map(([name, metric]) => [name, metric.compute()]),
      ) as MetricValues<M>,
      samples: this.samples,
    };
  }

  stateDict(): Record<string, unknown> {
    const metrics = this.metrics.map(([name, metric]) => [name, metric.stateDict?.() ?? null] as const);
    return { loss: this.loss.stateDict(), samples: this.samples, metrics: Object.fromEntries(metrics) };
  }

  loadStateDict(state: Record<string, unknown>): void {
    this.loss.loadStateDict(state.loss as Record<string, unknown>);
    this.samples = Number(state.samples);
    const saved = state.metrics as Record<string, Record<string, unknown> | null>;
    for (const [name, metric] of this.metrics) {
      const own = saved[name];
      if (own) metric.loadStateDict?.(own);
    }
  }
}
