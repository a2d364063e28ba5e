/** Schedulers that follow a curve: constant, linear, polynomial, cosine. */
import { ValueError } from '../../errors.js';
import { bindArguments, firstByKeyword, requireArguments } from '../../utils/arguments.js';
import type { Optimizer } from '../optimizer.js';
import { LRScheduler } from './scheduler.js';

export interface ConstantLROptions {
  /** Default: 1/3. */
  factor?: number;
  /** Epochs with the factor. Default: 5. */
  totalIters?: number;
  /** Default: −1. */
  lastEpoch?: number;
}

/** Multiplies the rate by `factor` for the first `totalIters` epochs. Source: torch.optim.lr_scheduler.ConstantLR. */
export class ConstantLR extends LRScheduler {
  declare factor: number;
  declare totalIters: number;

  constructor(optimizer: Optimizer, options?: ConstantLROptions);
  constructor(options: { optimizer: Optimizer } & ConstantLROptions);
  constructor(optimizer: Optimizer, factor: number, totalIters?: number, lastEpoch?: number);
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    const bound = bindArguments<ConstantLROptions>('ConstantLR', args, ['factor', 'totalIters', 'lastEpoch']);
    const { factor = 1 / 3, totalIters = 5, lastEpoch = -1 } = bound;
    if (!(factor >= 0 && factor <= 1))
      throw new ValueError('Constant multiplicative factor expected to be between 0 and 1.');
    super(optimizer, lastEpoch, { factor, totalIters });
  }

  protected override getLr(): number[] {
    const { factor, totalIters, lastEpoch } = this;
    const lrs = this.currentLrs();
    if (lastEpoch === 0) return lrs.map((lr) => lr * factor);
    return lastEpoch === totalIters ? lrs.map((lr) => lr * (1 / factor)) : lrs;
  }

  protected override closedFormLr(): number[] {
    const share = this.lastEpoch >= this.totalIters ? 1 : this.factor;
    return this.baseLrs.map((lr) => lr * share);
  }
}

export interface LinearLROptions {
  /** Default: 1/3. */
  startFactor?: number;
  /** Default: 1. */
  endFactor?: number;
  /** Epochs from the one to the other. Default: 5. */
  totalIters?: number;
  /** Default: −1. */
  lastEpoch?: number;
}

/** Moves the factor of the rate along a line. Source: torch.optim.lr_scheduler.LinearLR. */
export class LinearLR extends LRScheduler {
  declare startFactor: number;
  declare endFactor: number;
  declare totalIters: number;

  constructor(optimizer: Optimizer, options?: LinearLROptions);
  constructor(options: { optimizer: Optimizer } & LinearLROptions);
  constructor(
    optimizer: Optimizer,
    startFactor: number,
    endFactor?: number,
    totalIters?: number,
    lastEpoch?: number,
  );
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    const names = ['startFactor', 'endFactor', 'totalIters', 'lastEpoch'] as const;
    const bound = bindArguments<LinearLROptions>('LinearLR', args, names);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5, lastEpoch = -1 } = bound;
    if (!(startFactor > 0 && startFactor <= 1))
      throw new ValueError(
        'Starting multiplicative factor expected to be greater than 0 and less or equal to 1.',
      );
    if (!(endFactor >= 0 && endFactor <= 1))
      throw new ValueError('Ending multiplicative factor expected to be between 0 and 1.');
    super(optimizer, lastEpoch, { startFactor, endFactor, totalIters });
  }

  protected override getLr(): number[] {
    const { startFactor, endFactor, totalIters, lastEpoch } = this;
    const lrs = this.currentLrs();
    if (lastEpoch === 0) return lrs.map((lr) => lr * startFactor);
    if (this._isInitial || lastEpoch > totalIters) return lrs;
    const rise = endFactor - startFactor;
    return lrs.map((lr) => lr * (1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise)));
  }

  protected override closedFormLr(): number[] {
    const { startFactor, endFactor, totalIters, lastEpoch } = this;
    const factor = startFactor + ((endFactor - startFactor) * Math.min(totalIters, lastEpoch)) / totalIters;
    return this.baseLrs.map((lr) => lr * factor);
  }
}

export interface PolynomialLROptions {
  /** Epochs until the rate is zero. Default: 5. */
  totalIters?: number;
  /** Default: 1. */
  power?: number;
  /** Default: −1. */
  lastEpoch?: number;
}

/** Lowers the rate to zero along a power. Source: torch.optim.lr_scheduler.PolynomialLR. */
export class PolynomialLR extends LRScheduler {
  declare totalIters: number;
  declare power: number;

  constructor(optimizer: Optimizer, options?: PolynomialLROptions);
  constructor(options: { optimizer: Optimizer } & PolynomialLROptions);
  constructor(optimizer: Optimizer, totalIters: number, power?: number, lastEpoch?: number);
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    const bound = bindArguments<PolynomialLROptions>('PolynomialLR', args, [
      'totalIters',
      'power',
      'lastEpoch',
    ]);
    const { totalIters = 5, power = 1, lastEpoch = -1 } = bound;
    super(optimizer, lastEpoch, { totalIters, power });
  }

  protected override getLr(): number[] {
    const { totalIters, lastEpoch, power } = this;
    if (this._isInitial || lastEpoch > totalIters) return this.currentLrs();
    const decay = ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** power;
    return this.currentLrs().map((lr) => lr * decay);
  }

  protected override closedFormLr(): number[] {
    const left = (1 - Math.min(this.totalIters, this.lastEpoch) / this.totalIters) ** this.power;
    return this.baseLrs.map((lr) => lr * left);
  }
}

export interface CosineAnnealingLROptions {
  /** Epochs from the first rate to `etaMin` (Python's `T_max`). */
  TMax: number;
  /** Default: 0. */
  etaMin?: number;
  /** Default: −1. */
  lastEpoch?: number;
}

/** Lowers the rate along half a cosine, and up again. Source: torch.optim.lr_scheduler.CosineAnnealingLR. */
export class CosineAnnealingLR extends LRScheduler {
  declare TMax: number;
  declare etaMin: number;

  constructor(optimizer: Optimizer, options: CosineAnnealingLROptions);
  constructor(options: { optimizer: Optimizer } & CosineAnnealingLROptions);
  constructor(optimizer: Optimizer, TMax: number, etaMin?: number, lastEpoch?: number);
  constructor(optimizer: Optimizer, TMax: number, options?: Omit<CosineAnnealingLROptions, 'TMax'>);
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    const bound = bindArguments<CosineAnnealingLROptions>('CosineAnnealingLR', args, [
      'TMax',
      'etaMin',
      'lastEpoch',
    ]);
    requireArguments('CosineAnnealingLR', bound, ['TMax']);
    if (!(bound.TMax! > 0))
      throw new ValueError(`CosineAnnealingLR: TMax must be positive, got ${bound.TMax}`);
    super(optimizer, bound.lastEpoch ?? -1, { TMax: bound.TMax, etaMin: bound.etaMin ?? 0 });
  }

  protected override getLr(): number[] {
    const { TMax, etaMin, lastEpoch, baseLrs } = this;
    const lrs = this.currentLrs();
    if (this._isInitial) return lrs;
    const wave = (epoch: number): number => 1 + Math.cos((Math.PI * epoch) / TMax);
    if (this._stepCount === 1 && lastEpoch > 0)
      return baseLrs.map(
        (base) => etaMin + ((base - etaMin) * (1 + Math.cos((lastEpoch * Math.PI) / TMax))) / 2,
      );
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0)
      return lrs.map((lr, i) => lr + ((baseLrs[i]! - etaMin) * (1 - Math.cos(Math.PI / TMax))) / 2);
    return lrs.map((lr) => (wave(lastEpoch) / wave(lastEpoch - 1)) * (lr - etaMin) + etaMin);
  }

  protected override closedFormLr(): number[] {
    const wave = 1 + Math.cos((Math.PI * this.lastEpoch) / this.TMax);
    return this.baseLrs.map((base) => this.etaMin + ((base - this.etaMin) * wave) / 2);
  }
}
