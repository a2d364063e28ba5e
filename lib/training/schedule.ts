/** Learning-rate schedules of a run: when each one steps, and what it is told. */
import { ArgumentError, StateDictError } from '../errors.js';
import type { MonitorName } from './monitor.js';
import { monitored } from './monitor.js';
import type { EpochRecord } from './types.js';

/** A scheduler, as far as a training loop knows it. */
export interface SchedulerLike {
  step(value?: number): void;
  stateDict(): Record<string, unknown>;
  loadStateDict(state: Record<string, unknown>): void;
}

/** A scheduler with its pace. */
export interface ScheduleOptions {
  scheduler: SchedulerLike;
  /** Steps after each epoch or after each step of the optimizer. Default: `'epoch'`. */
  interval?: 'epoch' | 'step';
  /** The value that a scheduler like ReduceLROnPlateau is given; found by itself for that one. */
  monitor?: MonitorName;
}

export type SchedulerOption = SchedulerLike | ScheduleOptions;

function isScheduler(value: unknown): value is SchedulerLike {
  return typeof (value as SchedulerLike | null)?.step === 'function';
}

/** Schedulers that step by a value and not by the epoch are known by their patience. */
function wantsValue(scheduler: SchedulerLike): boolean {
  return 'patience' in scheduler && 'cooldown' in scheduler;
}

function normalized(option: SchedulerOption): ScheduleOptions {
  const options: ScheduleOptions = isScheduler(option) ? { scheduler: option } : option;
  if (!isScheduler(options?.scheduler))
    throw new ArgumentError(
      'Trainer: scheduler must be a scheduler or { scheduler, interval, monitor }; it has no step()',
    );
  const { interval = 'epoch', monitor, scheduler } = options;
  if (interval !== 'epoch' && interval !== 'step')
    throw new ArgumentError(`Trainer: the interval of a scheduler is 'epoch' or 'step', got '${interval}'`);
  if (interval === 'step' && (monitor !== undefined || wantsValue(scheduler)))
    throw new ArgumentError(
      "Trainer: a scheduler that watches a value steps by epoch; leave interval: 'step' out",
    );
  return { scheduler, interval, monitor };
}

/** @internal All schedules of a run. */
export class Schedules {
  private readonly list: readonly ScheduleOptions[];

  constructor(given: SchedulerOption | readonly SchedulerOption[] | undefined) {
    const options = given === undefined ? [] : Array.isArray(given) ? given : [given];
    this.list = options.map((option: SchedulerOption) => normalized(option));
  }

  afterStep(): void {
    for (const { scheduler, interval } of this.list) if (interval === 'step') scheduler.step();
  }

  afterEpoch(record: EpochRecord): void {
    for (const { scheduler, interval, monitor } of this.list) {
      if (interval === 'step') continue;
      if (monitor !== undefined || wantsValue(scheduler))
        scheduler.step(monitored(record, monitor === undefined ? {} : { monitor }).value);
      else scheduler.step();
    }
  }

  stateDicts(): Record<string, unknown>[] {
    return this.list.map(({ scheduler }) => scheduler.stateDict());
  }

  loadStateDicts(states: readonly Record<string, unknown>[]): void {
    if (states.length !== this.list.length)
      throw new StateDictError(
        `the checkpoint holds ${states.length} schedulers, this Trainer has ${this.list.length}; give it those it was saved with`,
      );
    this.list.forEach(({ scheduler }, i) => {
      scheduler.loadStateDict(states[i]!);
    });
  }
}
