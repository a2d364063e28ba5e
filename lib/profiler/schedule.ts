/** When to record: schedules over the steps of a training loop, and where their traces go. */
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, ValueError } from '../errors.js';
import { bindArguments, type Signature } from '../ops/bind.js';
import type { Profile } from './profile.js';

/**
 * What to do in a step. `DEVICE_STOPPED` is the profiler's own: a schedule must not answer it.
 * Source: torch.profiler.ProfilerAction.
 */
export const ProfilerAction = {
  NONE: 'NONE',
  WARMUP: 'WARMUP',
  RECORD: 'RECORD',
  RECORD_AND_SAVE: 'RECORD_AND_SAVE',
  DEVICE_STOPPED: 'DEVICE_STOPPED',
} as const;
export type ProfilerAction = (typeof ProfilerAction)[keyof typeof ProfilerAction];

/** The action of a step's number. */
export type Schedule = (step: number) => ProfilerAction;

/** Options of `schedule`, all in steps. */
export interface ScheduleOptions {
  wait: number;
  warmup: number;
  active: number;
  /** Cycles; 0 for as many as there are. Default: 0. */
  repeat?: number;
  /** Steps before the first cycle. Default: 0. */
  skipFirst?: number;
  /** Not 0: the first cycle does not wait. Default: 0. */
  skipFirstWait?: number;
}

const names = ['wait', 'warmup', 'active', 'repeat', 'skipFirst', 'skipFirstWait'] as const;
const scheduleParameters: Signature = { name: 'schedule', params: [], keywordOnly: names, required: 0 };

/**
 * A schedule for `profile`: after `skipFirst` steps, cycles of `wait` steps without recording, `warmup`
 * steps whose events are thrown away, and `active` steps that are recorded.
 *
 * @throws ArgumentError for a missing number, ValueError for one out of range. Source: torch.profiler.schedule.
 */
export function schedule(options: ScheduleOptions): Schedule {
  const given = {
    repeat: 0,
    skipFirst: 0,
    skipFirstWait: 0,
    ...bindArguments(scheduleParameters, [options]),
  };
  const least: Record<(typeof names)[number], number> = {
    wait: 0,
    warmup: 0,
    active: 1,
    repeat: 0,
    skipFirst: 0,
    skipFirstWait: 0,
  };
  for (const name of names) {
    const value: unknown = (given as Record<string, unknown>)[name];
    if (value === undefined) throw new ArgumentError(`schedule(): missing required argument '${name}'`);
    if (!Number.isInteger(value) || (value as number) < least[name])
      throw new ValueError(
        `schedule(): '${name}' must be a whole number of steps from ${least[name]} on, got ${String(value)}`,
      );
  }
  const { wait, warmup, active, repeat, skipFirst, skipFirstWait } = given as Required<ScheduleOptions>;
  if (warmup === 0) process.emitWarning("Profiler won't be using warmup, this can skew profiler results");
  const cycle = wait + warmup + active;
  return (step) => {
    if (step < 0) throw new ValueError(`a step must not be negative, got ${step}`);
    if (step < skipFirst) return ProfilerAction.NONE;
    const at = step - skipFirst + (skipFirstWait === 0 ? 0 : wait);
    if (repeat > 0 && at / cycle >= repeat) return ProfilerAction.NONE;
    const place = at % cycle;
    if (place < wait) return ProfilerAction.NONE;
    if (place < wait + warmup) return ProfilerAction.WARMUP;
    return place < cycle - 1 ? ProfilerAction.RECORD : ProfilerAction.RECORD_AND_SAVE;
  };
}

/** Options of `tensorboardTraceHandler`. */
export interface TraceHandlerOptions {
  /** Default: host name and process id. */
  workerName?: string | null;
  /** Default: false. */
  useGzip?: boolean;
}

const handlerParameters: Signature = {
  name: 'tensorboardTraceHandler',
  params: ['dirName', 'workerName', 'useGzip'],
};

/**
 * For `onTraceReady`: writes each trace into a folder, under the names that TensorBoard looks for.
 * Source: torch.profiler.tensorboard_trace_handler.
 */
export function tensorboardTraceHandler(
  dirName: string,
  workerName?: string | null | TraceHandlerOptions,
  useGzip?: boolean | TraceHandlerOptions,
): (prof: Profile) => Promise<void>;
export function tensorboardTraceHandler(
  options: { dirName: string } & TraceHandlerOptions,
): (prof: Profile) => Promise<void>;
export function tensorboardTraceHandler(...args: unknown[]): (prof: Profile) => Promise<void> {
  const given = bindArguments(handlerParameters, args) as { dirName?: unknown } & TraceHandlerOptions;
  const { dirName } = given;
  if (typeof dirName !== 'string')
    throw new ArgumentError(
      `tensorboardTraceHandler(): argument 'dirName' must be a string, got ${typeof dirName}`,
    );
  const worker = given.workerName || `${hostname()}_${process.pid}`;
  return async (prof) => {
    // Made here and now: the recording that follows takes the place of this one.
    mkdirSync(dirName, { recursive: true });
    const nanoseconds = BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
    const file = `${worker}.${nanoseconds}.pt.trace.json${given.useGzip ? '.gz' : ''}`;
    await prof.exportChromeTrace(join(dirName, file));
  };
}
