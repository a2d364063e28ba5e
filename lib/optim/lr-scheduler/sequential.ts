/** SequentialLR: one scheduler after the other. */
import { ArgumentError, ValueError } from '../../errors.js';
import type { Optimizer } from '../optimizer.js';
import { iterableOf } from '../../tensor/keywords.js';
import { bindArguments, requireArguments } from '../../utils/arguments.js';
import { checkOptimizer, LRScheduler, rateOf, setRate } from './scheduler.js';

/** The arguments of {@link SequentialLR}. */
export interface SequentialLROptions {
  optimizer: Optimizer;
  schedulers: readonly LRScheduler[];
  /** The epochs at which the next scheduler begins. */
  milestones: readonly number[];
  /** Default: −1. */
  lastEpoch?: number;
}

/**
 * Schedulers that take turns: the next one begins at each milestone, e.g. a warm-up and a cosine.
 * Source: torch.optim.lr_scheduler.SequentialLR.
 */
export class SequentialLR {
  readonly optimizer: Optimizer;
  lastEpoch: number;
  private readonly schedulers: readonly LRScheduler[];
  private milestones: number[];
  private lastLr: number[];

  /** @throws ValueError unless there is one milestone less than schedulers, all of this optimizer. */
  constructor(
    optimizer: Optimizer,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
    lastEpoch?: number,
  );
  constructor(optimizer: Optimizer, options: Omit<SequentialLROptions, 'optimizer'>);
  constructor(options: SequentialLROptions);
  constructor(...args: unknown[]) {
    const names = ['optimizer', 'schedulers', 'milestones', 'lastEpoch'] as const;
    const bound = bindArguments<SequentialLROptions>('SequentialLR', args, names);
    requireArguments('SequentialLR', bound, ['optimizer', 'schedulers', 'milestones']);
    const { optimizer, lastEpoch = -1 } = bound;
    checkOptimizer(optimizer);
    const schedulers = [...iterableOf('SequentialLR: schedulers', bound.schedulers!)];
    const milestones = [...iterableOf('SequentialLR: milestones', bound.milestones!)];
    if (schedulers.length < 1)
      throw new ValueError('SequentialLR expects at least one scheduler, but got no scheduler.');
    schedulers.forEach((scheduler, i) => {
      if (!(scheduler instanceof LRScheduler))
        throw new ArgumentError(
          `SequentialLR: scheduler ${i} is no LRScheduler (ReduceLROnPlateau needs a figure and cannot be one)`,
        );
      if (scheduler.optimizer !== optimizer)
        throw new ValueError(
          `SequentialLR expects all schedulers to belong to the same optimizer, but scheduler ${i} does not`,
        );
    });
    if (milestones.length !== schedulers.length - 1)
      throw new ValueError(
        `Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers ${schedulers.length} and the number of milestones to be equal to ${milestones.length}`,
      );
    this.optimizer = optimizer;
    this.schedulers = schedulers;
    this.milestones = milestones;
    this.lastEpoch = lastEpoch + 1;
    // Each scheduler took a first step when it was made; only the first of them shall count.
    for (const group of optimizer.paramGroups) setRate(group, 'lr', rateOf(group.initialLr));
    for (const scheduler of schedulers) scheduler.lastEpoch--;
    const first = schedulers[this.turn(0)]!;
    first.initialStep();
    this.lastLr = first.getLastLr();
  }

  /** Which scheduler's turn an epoch is. */
  private turn(epoch: number): number {
    return this.milestones.filter((milestone) => milestone <= epoch).length;
  }

  step(): void {
    this.lastEpoch++;
    const at = this.turn(this.lastEpoch);
    const scheduler = this.schedulers[at]!;
    if (at > 0 && this.milestones[at - 1] === this.lastEpoch) scheduler.updateLr(0);
    else scheduler.step();
    this.lastLr = scheduler.getLastLr();
  }

  /** The rates that the last step set, one for each group. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  stateDict(): Record<string, unknown> {
    return {
      _milestones: [...this.milestones],
      last_epoch: this.lastEpoch,
      _last_lr: [...this.lastLr],
      _schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()),
    };
  }

  loadStateDict(stateDict: Record<string, unknown>): void {
    this.milestones = [...(stateDict._milestones as number[])];
    this.lastEpoch = stateDict.last_epoch as number;
    this.lastLr = [...(stateDict._last_lr as number[])];
    (stateDict._schedulers as Record<string, unknown>[]).forEach((state, i) => {
      this.schedulers[i]!.loadStateDict(state);
    });
  }
}
