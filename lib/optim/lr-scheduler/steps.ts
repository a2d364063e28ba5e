/** Schedulers that multiply the rate: by steps, by milestones, each epoch, by a function. */
import { ArgumentError, ValueError } from '../../errors.js';
import { bindArguments, firstByKeyword, requireArguments } from '../../utils/arguments.js';
import type { Optimizer } from '../optimizer.js';
import { iterableOf } from '../../tensor/keywords.js';
import { checkOptimizer, LRScheduler } from './scheduler.js';

export interface StepLROptions {
  /** Epochs between two decays. */
  stepSize: number;
  /** Default: 0.1. */
  gamma?: number;
  /** Default: −1. */
  lastEpoch?: number;
}

/** Multiplies the rate by `gamma` every `stepSize` epochs. Source: torch.optim.lr_scheduler.StepLR. */
export class StepLR extends LRScheduler {
  declare stepSize: number;
  declare gamma: number;

  constructor(optimizer: Optimizer, options: StepLROptions);
  constructor(options: { optimizer: Optimizer } & StepLROptions);
  constructor(optimizer: Optimizer, stepSize: number, gamma?: number, lastEpoch?: number);
  constructor(optimizer: Optimizer, stepSize: number, options?: Omit<StepLROptions, 'stepSize'>);
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    const bound = bindArguments<StepLROptions>('StepLR', args, ['stepSize', 'gamma', 'lastEpoch']);
    requireArguments('StepLR', bound, ['stepSize']);
    const { stepSize, gamma = 0.1, lastEpoch = -1 } = bound;
    if (!Number.isInteger(stepSize) || stepSize! < 1)
      throw new ValueError(`StepLR: stepSize must be a whole number from 1, got ${stepSize}`);
    super(optimizer, lastEpoch, { stepSize, gamma });
  }

  protected override getLr(): number[] {
    const decays = this.lastEpoch !== 0 && this.lastEpoch % this.stepSize === 0;
    return decays ? this.currentLrs().map((lr) => lr * this.gamma) : this.currentLrs();
  }

  protected override closedFormLr(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize));
  }
}

export interface MultiStepLROptions {
  /** Epochs at which the rate decays; an epoch given twice decays it twice. */
  milestones: readonly number[];
  /** Default: 0.1. */
  gamma?: number;
  /** Default: −1. */
  lastEpoch?: number;
}

/** Multiplies the rate by `gamma` at each milestone. Source: torch.optim.lr_scheduler.MultiStepLR. */
export class MultiStepLR extends LRScheduler {
  /** How often each milestone was given. */
  declare milestones: Map<number, number>;
  declare gamma: number;

  constructor(optimizer: Optimizer, options: MultiStepLROptions);
  constructor(options: { optimizer: Optimizer } & MultiStepLROptions);
  constructor(optimizer: Optimizer, milestones: readonly number[], gamma?: number, lastEpoch?: number);
  constructor(
    optimizer: Optimizer,
    milestones: readonly number[],
    options?: Omit<MultiStepLROptions, 'milestones'>,
  );
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    const bound = bindArguments<MultiStepLROptions>('MultiStepLR', args, [
      'milestones',
      'gamma',
      'lastEpoch',
    ]);
    requireArguments('MultiStepLR', bound, ['milestones']);
    const { milestones, gamma = 0.1, lastEpoch = -1 } = bound;
    const counts = new Map<number, number>();
    for (const epoch of iterableOf('MultiStepLR: milestones', milestones!))
      counts.set(epoch, (counts.get(epoch) ?? 0) + 1);
    super(optimizer, lastEpoch, { milestones: counts, gamma });
  }

  protected override getLr(): number[] {
    const times = this.milestones.get(this.lastEpoch);
    return times === undefined ? this.currentLrs() : this.currentLrs().map((lr) => lr * this.gamma ** times);
  }

  protected override closedFormLr(): number[] {
    let passed = 0;
    for (const [epoch, times] of this.milestones) if (epoch <= this.lastEpoch) passed += times;
    return this.baseLrs.map((lr) => lr * this.gamma ** passed);
  }

  override loadStateDict(stateDict: Record<string, unknown>): void {
    super.loadStateDict(stateDict);
    if (!(this.milestones instanceof Map))
      this.milestones = new Map(
        Object.entries(this.milestones as object).map(([k, v]) => [Number(k), Number(v)]),
      );
  }
}

export interface ExponentialLROptions {
  gamma: number;
  /** Default: −1. */
  lastEpoch?: number;
}

/** Multiplies the rate by `gamma` every epoch. Source: torch.optim.lr_scheduler.ExponentialLR. */
export class ExponentialLR extends LRScheduler {
  declare gamma: number;

  constructor(optimizer: Optimizer, options: ExponentialLROptions);
  constructor(options: { optimizer: Optimizer } & ExponentialLROptions);
  constructor(optimizer: Optimizer, gamma: number, lastEpoch?: number | { lastEpoch?: number });
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    const bound = bindArguments<ExponentialLROptions>('ExponentialLR', args, ['gamma', 'lastEpoch']);
    requireArguments('ExponentialLR', bound, ['gamma']);
    super(optimizer, bound.lastEpoch ?? -1, { gamma: bound.gamma });
  }

  protected override getLr(): number[] {
    return this._isInitial ? this.currentLrs() : this.currentLrs().map((lr) => lr * this.gamma);
  }

  protected override closedFormLr(): number[] {
    return this.baseLrs.map((lr) => lr * this.gamma ** this.lastEpoch);
  }
}

type Lambda = (epoch: number) => number;

export interface LambdaLROptions {
  /** Gives the factor for an epoch; one function for all groups or one for each. */
  lrLambda: Lambda | readonly Lambda[];
  /** Default: −1. */
  lastEpoch?: number;
}

/** Sets the rate to the first one times `lrLambda(epoch)`. Source: torch.optim.lr_scheduler.LambdaLR. */
export class LambdaLR extends LRScheduler {
  declare lrLambdas: Lambda[];

  constructor(optimizer: Optimizer, options: LambdaLROptions);
  constructor(options: { optimizer: Optimizer } & LambdaLROptions);
  constructor(
    optimizer: Optimizer,
    lrLambda: Lambda | readonly Lambda[],
    lastEpoch?: number | { lastEpoch?: number },
  );
  constructor(...all: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', all) as [Optimizer, ...unknown[]];
    const bound = bindArguments<LambdaLROptions>('LambdaLR', args, ['lrLambda', 'lastEpoch']);
    requireArguments('LambdaLR', bound, ['lrLambda']);
    const given = bound.lrLambda!;
    checkOptimizer(optimizer);
    const groups = optimizer.paramGroups.length;
    const lambdas =
      typeof given === 'function'
        ? new Array<Lambda>(groups).fill(given)
        : [...iterableOf('LambdaLR: lrLambda', given)];
    if (lambdas.length !== groups)
      throw new ValueError(`Expected ${groups} lr_lambdas, but got ${lambdas.length}`);
    if (lambdas.some((f) => typeof f !== 'function'))
      throw new ArgumentError('LambdaLR: lrLambda must be a function');
    super(optimizer, bound.lastEpoch ?? -1, { lrLambdas: lambdas });
  }

  protected override getLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lrLambdas[i]!(this.lastEpoch));
  }

  /** Functions are not saved; their places hold null, as in Python. */
  override stateDict(): Record<string, unknown> {
    const { lr_lambdas: _, ...state } = super.stateDict();
    return { ...state, lr_lambdas: this.lrLambdas.map(() => null) };
  }

  override loadStateDict(stateDict: Record<string, unknown>): void {
    const { lr_lambdas: _, ...state } = stateDict;
    super.loadStateDict(state);
  }
}
