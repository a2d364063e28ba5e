/** OneCycleLR: up to a high rate and down to a very low one, in one cycle. */
import { ArgumentError, ValueError } from '../../errors.js';
import { bindArguments, firstByKeyword, requireArguments } from '../../utils/arguments.js';
import type { Optimizer } from '../optimizer.js';
import { checkOptimizer, LRScheduler, rateOf, setRate } from './scheduler.js';

export interface OneCycleLROptions {
  /** The highest rate, for all groups or for each. */
  maxLr: number | readonly number[];
  /** Steps of the cycle; or `epochs` and `stepsPerEpoch`. */
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  /** Share of the steps in which the rate rises. Default: 0.3. */
  pctStart?: number;
  /** Default: 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** Move the momentum against the rate. Default: true. */
  cycleMomentum?: boolean;
  /** Default: 0.85. */
  baseMomentum?: number | readonly number[];
  /** Default: 0.95. */
  maxMomentum?: number | readonly number[];
  /** The first rate is `maxLr / divFactor`. Default: 25. */
  divFactor?: number;
  /** The last rate is the first one divided by this. Default: 1e4. */
  finalDivFactor?: number;
  /** Back to the first rate before it falls to the last. Default: false. */
  threePhase?: boolean;
  /** Default: −1. */
  lastEpoch?: number;
}

const names = [
  'maxLr',
  'totalSteps',
  'epochs',
  'stepsPerEpoch',
  'pctStart',
  'annealStrategy',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'divFactor',
  'finalDivFactor',
  'threePhase',
  'lastEpoch',
] as const;

/** A part of the cycle, under Python's names; `start_lr` and the like name keys of the group. */
interface Phase {
  end_step: number;
  start_lr: string;
  end_lr: string;
  start_momentum: string;
  end_momentum: string;
}

const groupKey: Readonly<Record<string, string>> = {
  initial_lr: 'initialLr',
  max_lr: 'maxLr',
  min_lr: 'minLr',
  max_momentum: 'maxMomentum',
  base_momentum: 'baseMomentum',
};

function phasesOf(total: number, share: number, three: boolean): Phase[] {
  const phase = (end_step: number, lr: [string, string], momentum: [string, string]): Phase => ({
    end_step,
    start_lr: lr[0],
    end_lr: lr[1],
    start_momentum: momentum[0],
    end_momentum: momentum[1],
  });
  const up = phase(share * total - 1, ['initial_lr', 'max_lr'], ['max_momentum', 'base_momentum']);
  if (!three) return [up, phase(total - 1, ['max_lr', 'min_lr'], ['base_momentum', 'max_momentum'])];
  return [
    up,
    phase(2 * share * total - 2, ['max_lr', 'initial_lr'], ['base_momentum', 'max_momentum']),
    phase(total - 1, ['initial_lr', 'min_lr'], ['max_momentum', 'max_momentum']),
  ];
}

function forGroups(optimizer: Optimizer, name: string, value: number | readonly number[]): number[] {
  const groups = optimizer.paramGroups.length;
  if (typeof value === 'number') return new Array<number>(groups).fill(value);
  if (value.length !== groups)
    throw new ValueError(
      `${name} must have the same length as optimizer.paramGroups (${groups}), got ${value.length}`,
    );
  return [...value];
}

function positiveWhole(name: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) <= 0)
    throw new ValueError(`Expected positive integer ${name}, but got ${String(value)}`);
  return value as number;
}

/** One cycle of the rate over a whole training; call `step()` after each batch. Source: torch.optim.lr_scheduler.OneCycleLR. */
export class OneCycleLR extends LRScheduler {
  declare totalSteps: number;
  declare _schedulePhases: Phase[];
  declare _annealFuncType: 'cos' | 'linear';
  declare cycleMomentum: boolean;
  declare useBeta1: boolean;

  constructor(optimizer: Optimizer, options: OneCycleLROptions);
  constructor(options: { optimizer: Optimizer } & OneCycleLROptions);
  constructor(
    optimizer: Optimizer,
    maxLr: number | readonly number[],
    options?: Omit<OneCycleLROptions, 'maxLr'>,
  );
  constructor(...given: unknown[]) {
    const [optimizer, ...args] = firstByKeyword('optimizer', given) as [Optimizer, ...unknown[]];
    checkOptimizer(optimizer);
    const bound = bindArguments<OneCycleLROptions>('OneCycleLR', args, names);
    requireArguments('OneCycleLR', bound, ['maxLr']);
    const { pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, lastEpoch = -1 } = bound;
    let totalSteps: number;
    if (bound.totalSteps != null) totalSteps = positiveWhole('total_steps', bound.totalSteps);
    else if (bound.epochs != null && bound.stepsPerEpoch != null)
      totalSteps =
        positiveWhole('epochs', bound.epochs) * positiveWhole('steps_per_epoch', bound.stepsPerEpoch);
    else throw new ValueError('You must define either total_steps OR (epochs AND steps_per_epoch)');
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new ValueError(`Expected float between 0 and 1 pct_start, but got ${pctStart}`);
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear')
      throw new ValueError(
        `anneal_strategy must be one of 'cos' or 'linear', instead got ${String(annealStrategy)}`,
      );
    const maxLrs = forGroups(optimizer, 'max_lr', bound.maxLr!);
    const fresh = lastEpoch === -1;
    if (fresh)
      optimizer.paramGroups.forEach((group, i) => {
        const first = maxLrs[i]! / (bound.divFactor ?? 25);
        Object.assign(group, {
          initialLr: first,
          maxLr: maxLrs[i],
          minLr: first / (bound.finalDivFactor ?? 1e4),
        });
      });
    const useBeta1 = 'betas' in optimizer.defaults;
    if (cycleMomentum) {
      if (!('momentum' in optimizer.defaults) && !useBeta1)
        throw new ArgumentError(
          'optimizer must support momentum or beta1 with `cycleMomentum` option enabled',
        );
      const highs = forGroups(optimizer, 'max_momentum', bound.maxMomentum ?? 0.95);
      const lows = forGroups(optimizer, 'base_momentum', bound.baseMomentum ?? 0.85);
      if (fresh)
        optimizer.paramGroups.forEach((group, i) => {
          if (useBeta1) {
            const [, ...rest] = group.betas as readonly number[];
            Object.assign(group, { betas: [highs[i]!, ...rest] });
          } else Object.assign(group, { momentum: highs[i] });
          Object.assign(group, { maxMomentum: highs[i], baseMomentum: lows[i] });
        });
    }
    super(optimizer, lastEpoch, {
      totalSteps,
      _schedulePhases: phasesOf(totalSteps, pctStart, bound.threePhase ?? false),
      _annealFuncType: annealStrategy,
      cycleMomentum,
      useBeta1,
    });
  }

  private anneal(start: number, end: number, share: number): number {
    if (this._annealFuncType === 'linear') return (end - start) * share + start;
    return end + ((start - end) / 2) * (Math.cos(Math.PI * share) + 1);
  }

  protected override getLr(): number[] {
    const step = this.lastEpoch;
    if (step > this.totalSteps)
      throw new ValueError(
        `Tried to step ${step} times. The specified number of total steps is ${this.totalSteps}`,
      );
    const phases = this._schedulePhases;
    let at = phases.findIndex(({ end_step }) => step <= end_step);
    if (at < 0) at = phases.length - 1;
    const phase = phases[at]!;
    const begin = at === 0 ? 0 : phases[at - 1]!.end_step;
    const share = (step - begin) / (phase.end_step - begin);
    return this.optimizer.paramGroups.map((group) => {
      const value = (key: string): number => rateOf((group as Record<string, unknown>)[groupKey[key]!]);
      if (this.cycleMomentum) {
        const momentum = this.anneal(value(phase.start_momentum), value(phase.end_momentum), share);
        if (this.useBeta1) {
          const [, ...rest] = group.betas as readonly number[];
          Object.assign(group, { betas: [momentum, ...rest] });
        } else setRate(group, 'momentum', momentum);
      }
      return this.anneal(value(phase.start_lr), value(phase.end_lr), share);
    });
  }
}
