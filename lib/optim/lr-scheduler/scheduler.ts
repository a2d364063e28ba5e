/** The base of schedulers that set the learning rate by the count of their steps. */
import { ArgumentError, ValueError } from '../../errors.js';
import { Tensor } from '../../tensor/tensor.js';
import { aten } from '../../utils/aten.js';
import { toCamel, toSnake } from '../group.js';
import { Optimizer } from '../optimizer.js';

const fill = aten<Tensor>('fill_', 'Scalar');

/** The value of a rate that may be kept in a tensor. */
export const rateOf = (value: unknown): number =>
  value instanceof Tensor ? (value.item() as number) : (value as number);

/** Sets a rate of a group; a tensor is filled in place. */
export function setRate(group: Record<string, unknown>, key: string, value: number): void {
  if (group[key] instanceof Tensor) fill([group[key], value]);
  else group[key] = value;
}

/** Refuses what is no optimizer. */
export function checkOptimizer(optimizer: unknown): asserts optimizer is Optimizer {
  if (!(optimizer instanceof Optimizer)) throw new ArgumentError(`${typeof optimizer} is not an Optimizer`);
}

/** Private fields of the state dict keep Python's leading underscore. */
const stateKey = (key: string): string => (key.startsWith('_') ? `_${toSnake(key.slice(1))}` : toSnake(key));
const fieldKey = (key: string): string => (key.startsWith('_') ? `_${toCamel(key.slice(1))}` : toCamel(key));

/**
 * Base class of schedulers: `step()` after each epoch sets the `lr` of every group of the optimizer.
 *
 * Subclasses compute the rates of the next epoch in {@link getLr}, from the groups' present rates
 * (so that several schedulers can be chained), and give their fields to the constructor, which takes
 * the first step. Source: torch.optim.lr_scheduler.LRScheduler.
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer;
  /** The rates of the groups at the start. */
  baseLrs: number[];
  /** Counts the steps; 0 after construction. */
  lastEpoch: number;
  /** @internal */
  _stepCount = 0;
  /** @internal */
  _isInitial = false;
  /** @internal */
  _getLrCalledWithinStep = false;
  /** @internal */
  _lastLr: number[] = [];

  /**
   * @param lastEpoch −1 to start; the last epoch to go on from a checkpoint, where groups hold `initialLr`.
   * @param fields The subclass's own fields, set before its first step.
   */
  protected constructor(optimizer: Optimizer, lastEpoch = -1, fields: Record<string, unknown> = {}) {
    checkOptimizer(optimizer);
    Object.assign(this, fields);
    this.optimizer = optimizer;
    optimizer.paramGroups.forEach((group, i) => {
      if (lastEpoch === -1) group.initialLr ??= rateOf(group.lr);
      else if (group.initialLr === undefined)
        throw new ValueError(
          `param 'initialLr' is not specified in paramGroups[${i}] when resuming a scheduler; load the optimizer's state dict first, or leave lastEpoch out`,
        );
    });
    this.baseLrs = optimizer.paramGroups.map((group) => rateOf(group.initialLr));
    this.lastEpoch = lastEpoch;
    this.initialStep();
  }

  /** The rates of the groups for `lastEpoch`. */
  protected abstract getLr(): number[];

  /** The rates by a formula of the epoch alone, where there is one. */
  protected closedFormLr?(): number[];

  /** @internal Starts over: counts from zero and sets the first rates. */
  initialStep(): void {
    this._stepCount = 0;
    this._isInitial = true;
    try {
      this.step();
    } finally {
      this._isInitial = false;
    }
  }

  /** The groups' present rates. */
  protected currentLrs(): number[] {
    return this.optimizer.paramGroups.map((group) => rateOf(group.lr));
  }

  /**
   * Sets the rates for the next epoch; call it after `optimizer.step()`.
   *
   * @param epoch The epoch to jump to. Default: the next one. Source: LRScheduler.step.
   */
  step(epoch?: number): void {
    if (this._stepCount === 1 && !this.optimizer.stepCalled)
      process.emitWarning(
        'Detected call of `scheduler.step()` before `optimizer.step()`: call them in the opposite order, or the first value of the schedule is skipped',
      );
    this._stepCount++;
    this.updateLr(epoch);
  }

  /** @internal */
  updateLr(epoch?: number): void {
    let values: number[];
    if (epoch === undefined) {
      this.lastEpoch++;
      values = this.getLr();
    } else {
      this.lastEpoch = epoch;
      values = this.closedFormLr ? this.closedFormLr() : this.getLr();
    }
    this.optimizer.paramGroups.forEach((group, i) => {
      setRate(group, 'lr', values[i]!);
    });
    this._lastLr = this.currentLrs();
  }

  /** The rates that the last step set, one for each group. Source: LRScheduler.get_last_lr. */
  getLastLr(): number[] {
    return [...this._lastLr];
  }

  /** Every field but the optimizer, under Python's names. Source: LRScheduler.state_dict. */
  stateDict(): Record<string, unknown> {
    const state: Record<string, unknown> = Object.create(null);
    for (const [key, value] of Object.entries(this))
      if (key !== 'optimizer' && typeof value !== 'function')
        state[stateKey(key)] = Array.isArray(value) ? [...value] : value;
    return state;
  }

  /** Takes over a state dict, of this library or of Python. Source: LRScheduler.load_state_dict. */
  loadStateDict(stateDict: Record<string, unknown>): void {
    for (const [key, value] of Object.entries(stateDict))
      (this as unknown as Record<string, unknown>)[fieldKey(key)] = Array.isArray(value) ? [...value] : value;
  }
}
