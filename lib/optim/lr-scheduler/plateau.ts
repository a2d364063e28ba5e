/** ReduceLROnPlateau: lowers the rate when a figure no longer improves. */
import { ValueError } from '../../errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { bindArguments, firstByKeyword } from '../../utils/arguments.js';
import { toCamel, toSnake } from '../group.js';
import type { Optimizer } from '../optimizer.js';
import { checkOptimizer, rateOf, setRate } from './scheduler.js';

export interface ReduceLROnPlateauOptions {
  /** Whether the figure should fall or rise. Default: 'min'. */
  mode?: 'min' | 'max';
  /** Default: 0.1. */
  factor?: number;
  /** Epochs without improvement that are let pass. Default: 10. */
  patience?: number;
  /** What counts as an improvement. Default: 1e-4. */
  threshold?: number;
  /** As a share of the best figure, or as it is. Default: 'rel'. */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs to wait after a change. Default: 0. */
  cooldown?: number;
  /** One for all groups or one for each. Default: 0. */
  minLr?: number | readonly number[];
  /** Smaller changes are not made. Default: 1e-8. */
  eps?: number;
}

const names = [
  'mode',
  'factor',
  'patience',
  'threshold',
  'thresholdMode',
  'cooldown',
  'minLr',
  'eps',
] as const;

/** Lowers the rates when a figure stops improving: `step(loss)` after each epoch. Source: torch.optim.lr_scheduler.ReduceLROnPlateau. */
export class ReduceLROnPlateau {
  readonly optimizer: Optimizer;
  factor: number;
  defaultMinLr: number | null;
  minLrs: number[];
  patience: number;
  cooldown: number;
  eps: number;
  lastEpoch = 0;
  /** @internal */
  _lastLr: number[];
  modeWorse: number;
  mode: 'min' | 'max';
  threshold: number;
  thresholdMode: 'rel' | 'abs';
  /** The best figure so far. */
  best: number;
  cooldownCounter = 0;
  numBadEpochs = 0;

  constructor(optimizer: Optimizer, options?: ReduceLROnPlateauOptions);
  constructor(options: { optimizer: Optimizer } & ReduceLROnPlateauOptions);
  constructor(optimizer: Optimizer, mode: 'min' | 'max', options?: Omit<ReduceLROnPlateauOptions, 'mode'>);
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    const bound = bindArguments<ReduceLROnPlateauOptions>('ReduceLROnPlateau', args, names);
    const { factor = 0.1, mode = 'min', thresholdMode = 'rel', minLr = 0 } = bound;
    if (!(factor < 1)) throw new ValueError('Factor should be < 1.0.');
    if (mode !== 'min' && mode !== 'max') throw new ValueError(`mode ${String(mode)} is unknown!`);
    if (thresholdMode !== 'rel' && thresholdMode !== 'abs')
      throw new ValueError(`threshold mode ${String(thresholdMode)} is unknown!`);
    checkOptimizer(optimizer);
    const groups = optimizer.paramGroups.length;
    if (Array.isArray(minLr) && minLr.length !== groups)
      throw new ValueError(`expected ${groups} min_lrs, got ${minLr.length}`);
    this.optimizer = optimizer;
    this.factor = factor;
    this.defaultMinLr = typeof minLr === 'number' ? minLr : null;
    this.minLrs = typeof minLr === 'number' ? new Array<number>(groups).fill(minLr) : [...minLr];
    this.patience = bound.patience ?? 10;
    this.cooldown = bound.cooldown ?? 0;
    this.eps = bound.eps ?? 1e-8;
    this._lastLr = this.rates();
    this.mode = mode;
    this.threshold = bound.threshold ?? 1e-4;
    this.thresholdMode = thresholdMode;
    this.modeWorse = mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    this.best = this.modeWorse;
  }

  /** Whether the wait after a change goes on. */
  get inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  private rates(): number[] {
    return this.optimizer.paramGroups.map((group) => rateOf(group.lr));
  }

  /** @param metrics The figure of this epoch. */
  step(metrics: number | Tensor, epoch: number = this.lastEpoch + 1): void {
    const current = metrics instanceof Tensor ? (metrics.item() as number) : Number(metrics);
    this.lastEpoch = epoch;
    if (this.isBetter(current)) {
      this.best = current;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.inCooldown) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this._lastLr = this.rates();
  }

  private reduce(): void {
    const groups = this.optimizer.paramGroups;
    if (groups.length !== this.minLrs.length) {
      if (this.defaultMinLr === null)
        throw new ValueError(
          `The number of param groups (${groups.length}) differs from when ReduceLROnPlateau was made (${this.minLrs.length}); set minLrs to match`,
        );
      this.minLrs = new Array<number>(groups.length).fill(this.defaultMinLr);
    }
    groups.forEach((group, i) => {
      const old = rateOf(group.lr);
      const lower = Math.max(old * this.factor, this.minLrs[i]!);
      if (old - lower > this.eps) setRate(group, 'lr', lower);
    });
  }

  private isBetter(figure: number): boolean {
    const { best, mode, threshold, thresholdMode } = this;
    if (mode === 'min') return figure < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold);
    return figure > (thresholdMode === 'rel' ? best * (threshold + 1) : best + threshold);
  }

  /** The rates that the last step set, one for each group. */
  getLastLr(): number[] {
    return [...this._lastLr];
  }

  /** Every field but the optimizer, under Python's names. */
  stateDict(): Record<string, unknown> {
    const state: Record<string, unknown> = Object.create(null);
    for (const [key, value] of Object.entries(this))
      if (key !== 'optimizer')
        state[key.startsWith('_') ? `_${toSnake(key.slice(1))}` : toSnake(key)] = Array.isArray(value)
          ? [...value]
          : value;
    return state;
  }

  loadStateDict(stateDict: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(stateDict))
      (this as unknown as Record<string, unknown>)[
        key.startsWith('_') ? `_${toCamel(key.slice(1))}` : toCamel(key)
      ] = Array.isArray(value) ? [...value] : value;
    this.modeWorse = this.mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }
}
