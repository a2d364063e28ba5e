import { ValueError } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import type { Callback, FitContext } from './callbacks.js';
import { improves, modeOf, type MonitorOptions, monitored } from './monitor.js';
import type { EpochRecord } from './types.js';

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement that are borne. Default: 3. */
  patience?: number;
  /** What counts as improvement: more than this. Default: 0. */
  minDelta?: number;
  /** The model gets the weights of its best epoch back at the end. Default: false. */
  restoreBest?: boolean;
}

/** Ends a run when a value no longer improves. */
export class EarlyStopping implements Callback {
  /** The best value so far; null before the first epoch. */
  best: number | null = null;
  /** The epoch of the best value, counted from 0. */
  bestEpoch: number | null = null;
  /** Epochs since then. */
  waited = 0;
  private weights: Record<string, Tensor> | null = null;

  constructor(private readonly options: EarlyStoppingOptions = {}) {
    const { patience = 3, minDelta = 0 } = options;
    if (!Number.isInteger(patience) || patience < 0)
      throw new ValueError(`EarlyStopping: patience must be a whole number from 0, got ${patience}`);
    if (!(minDelta >= 0))
      throw new ValueError(`EarlyStopping: minDelta must be a number from 0, got ${minDelta}`);
  }

  onFitStart(): void {
    this.best = null;
    this.bestEpoch = null;
    this.waited = 0;
    this.weights = null;
  }

  onEpochEnd(context: FitContext, record: EpochRecord): void {
    const { patience = 3, minDelta = 0, restoreBest = false } = this.options;
    const { name, value } = monitored(record, this.options);
    if (improves(value, this.best, modeOf(name, this.options.mode), minDelta)) {
      this.best = value;
      this.bestEpoch = record.epoch;
      this.waited = 0;
      if (restoreBest) this.weights = copyOf(context.model.stateDict());
      return;
    }
    this.waited++;
    if (this.waited > patience)
      context.stop(`${name} has not improved on ${this.best} for ${this.waited} epochs`);
  }

  onFitEnd(context: FitContext): void {
    if (this.weights !== null) context.model.loadStateDict(this.weights);
  }

  stateDict(): Record<string, unknown> {
    const { best, bestEpoch, waited, weights } = this;
    return { best, bestEpoch, waited, weights };
  }

  loadStateDict(state: Record<string, unknown>): void {
    this.best = state.best as number | null;
    this.bestEpoch = state.bestEpoch as number | null;
    this.waited = state.waited as number;
    this.weights = state.weights as Record<string, Tensor> | null;
  }
}

function copyOf(state: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(state).map(([key, tensor]) => [key, tensor.detach().clone()]));
}
