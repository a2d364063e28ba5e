/** What a recording listens to. */
import { isAvailable } from '../cuda/index.js';
import { ArgumentError, ValueError } from '../errors.js';

/** Groups of activities. Source: torch.profiler.ProfilerActivity. */
export const ProfilerActivity = { CPU: 'CPU', CUDA: 'CUDA' } as const;
export type ProfilerActivity = (typeof ProfilerActivity)[keyof typeof ProfilerActivity];

const bits: Record<ProfilerActivity, number> = { CPU: 1, CUDA: 2 };

/** What can be recorded here: the CPU, and CUDA where a device is. Source: torch.profiler.supported_activities. */
export function supportedActivities(): Set<ProfilerActivity> {
  return new Set<ProfilerActivity>(isAvailable() ? ['CPU', 'CUDA'] : ['CPU']);
}

/** Whether traces come from Kineto; always. Source: torch.profiler.kineto_available. */
export function kinetoAvailable(): boolean {
  return true;
}

/** The set of a list. @throws ArgumentError for what is no activity, ValueError for one given twice. */
export function parseActivities(given: Iterable<ProfilerActivity> | null | undefined): Set<ProfilerActivity> {
  if (given == null) return supportedActivities();
  if (typeof given === 'string' || typeof given[Symbol.iterator] !== 'function')
    throw new ArgumentError(
      `activities must be a list such as [ProfilerActivity.CPU], got ${typeof given === 'string' ? `'${given}'` : typeof given}`,
    );
  const set = new Set<ProfilerActivity>();
  for (const activity of given) {
    if (!Object.hasOwn(bits, activity as PropertyKey))
      throw new ArgumentError(
        `an activity must be ProfilerActivity.CPU or ProfilerActivity.CUDA, got ${String(activity)}`,
      );
    if (set.has(activity)) throw new ValueError(`activity ${activity} is given more than once`);
    set.add(activity);
  }
  if (set.size === 0)
    throw new ValueError('no activities to record: give ProfilerActivity.CPU, or leave `activities` out');
  return set;
}

/**
 * What of it can be recorded on this machine; without a CUDA device a warning says so, as in Python.
 *
 * @throws ValueError where nothing is left.
 */
export function usableActivities(activities: ReadonlySet<ProfilerActivity>): Set<ProfilerActivity> {
  const usable = new Set(activities);
  if (usable.has('CUDA') && !isAvailable()) {
    process.emitWarning('CUDA is not available, disabling CUDA profiling');
    usable.delete('CUDA');
  }
  if (usable.size === 0)
    throw new ValueError(
      'no activities are left for the profiler: only CUDA was asked for and no CUDA device is there; add ProfilerActivity.CPU',
    );
  return usable;
}

/** The native form of a set of activities. */
export function activityMask(activities: Iterable<ProfilerActivity>): number {
  let mask = 0;
  for (const activity of activities) mask |= bits[activity];
  return mask;
}
