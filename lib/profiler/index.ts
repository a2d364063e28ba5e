/** `torch.profiler`: where the time and the memory of a program go, by LibTorch's own profiler. */
export { FunctionEvent, FunctionEventAvg, Interval, type Kernel } from './event.js';
export { EventList, type KeyAveragesOptions } from './event-list.js';
export { Profile, profile, type ProfileOptions } from './profile.js';
export { recordFunction } from './record-function.js';
export {
  ProfilerAction,
  schedule,
  type ScheduleOptions,
  tensorboardTraceHandler,
  type TraceHandlerOptions,
} from './schedule.js';
export { kinetoAvailable, ProfilerActivity, supportedActivities } from './activity.js';
export type { TableOptions } from './table.js';
