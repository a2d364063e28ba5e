/** The profiler itself: a state that steps drive, around LibTorch's recording. */
import { randomUUID } from 'node:crypto';
import type { ProfilerTrace } from '../bindings.js';
import { synchronize } from '../cuda/index.js';
import { ArgumentError, NotImplementedError, TorchError } from '../errors.js';
import { native } from '../native.js';
import { bindArguments, type Signature } from '../ops/bind.js';
import { isPromise } from '../ops/mode.js';
import { activityMask, parseActivities, type ProfilerActivity, usableActivities } from './activity.js';
import type { FunctionEvent, FunctionEventAvg } from './event.js';
import { EventList, type KeyAveragesOptions, treeOf } from './event-list.js';
import { saveTrace } from './export.js';
import { plainJson, plainText } from './metadata.js';
import { parseEvents } from './parse.js';
import { ProfilerAction, type Schedule } from './schedule.js';

/** Options of `profile`. */
export interface ProfileOptions {
  /** Default: what is there, `supportedActivities()`. */
  activities?: Iterable<ProfilerActivity> | null;
  /** The action of each step; without it everything is recorded. */
  schedule?: Schedule | null;
  /** Called at the end of each cycle, in the middle of `step()` or `stop()`; may be async. */
  onTraceReady?: ((prof: Profile) => unknown) | null;
  /** Keep the shapes of arguments. Default: false. */
  recordShapes?: boolean;
  /** Keep what operators allocate and free. Default: false. */
  profileMemory?: boolean;
  /** Count floating point operations of matrix products and convolutions. Default: false. */
  withFlops?: boolean;
  /** Source lines of operators; not there. Default: false. */
  withStack?: boolean;
  /** Keep the events of all cycles, not of the last one alone. Default: false. */
  accEvents?: boolean;
  /** Gives each cycle's trace its name. Default: random. */
  customTraceIdCallback?: (() => string) | null;
}

const flags = ['recordShapes', 'profileMemory', 'withFlops', 'withStack', 'accEvents'] as const;
const functions = ['schedule', 'onTraceReady', 'customTraceIdCallback'] as const;
const profileParameters: Signature = {
  name: 'profile',
  params: [],
  keywordOnly: ['activities', ...functions, ...flags],
  required: 0,
};

/** The profiler of this thread that is at work. */
let active: Profile | null = null;
let warnedOfClearing = false;

const records = (action: ProfilerAction | null): boolean =>
  action === 'RECORD' || action === 'RECORD_AND_SAVE';

function checkOptions(options: ProfileOptions): void {
  for (const name of flags)
    if (options[name] !== undefined && typeof options[name] !== 'boolean')
      throw new ArgumentError(`profile(): '${name}' must be a boolean, got ${typeof options[name]}`);
  for (const name of functions)
    if (options[name] != null && typeof options[name] !== 'function')
      throw new ArgumentError(`profile(): '${name}' must be a function, got ${typeof options[name]}`);
  if (options.withStack)
    throw new NotImplementedError(
      'profile(): withStack records the stacks of Python, which is not there; `node --cpu-prof` shows the stacks of JavaScript, and recordFunction() labels parts of the program',
    );
}

/**
 * A profiler with a start and a stop; `profile()` does both around a callback.
 *
 * A process records one profiler at a time, and that one sees every operator of the thread that started
 * it, of all async flows. Source: torch.profiler.profile.
 */
export class Profile {
  readonly activities: ReadonlySet<ProfilerActivity>;
  /** The number of the step, from 0. */
  stepNum = 0;
  /** What this step does. */
  currentAction: ProfilerAction;

  private readonly options: ProfileOptions;
  private scheduled: ProfilerAction;
  private running = false;
  private recording: 'no' | 'prepared' | 'started' = 'no';
  private usable: ReadonlySet<ProfilerActivity> | null = null;
  private stepLabel = 0;
  private traceId: string | null = null;
  private trace: ProfilerTrace | null = null;
  private savedTo: string | null = null;
  private parsed: EventList<FunctionEvent> | null = null;
  private earlier: FunctionEvent[] = [];
  private readonly preset = new Map<string, string>();
  private readonly pending: Promise<unknown>[] = [];
  private collects = false;

  constructor(options: ProfileOptions = {}) {
    this.options = bindArguments(profileParameters, [options]) as ProfileOptions;
    checkOptions(this.options);
    this.activities = parseActivities(this.options.activities);
    this.scheduled = this.actionOf(0);
    this.currentAction = this.scheduled;
  }

  private actionOf(step: number): ProfilerAction {
    const { schedule } = this.options;
    if (schedule == null) return ProfilerAction.RECORD;
    const action = schedule(step);
    if (action === ProfilerAction.DEVICE_STOPPED || !Object.hasOwn(ProfilerAction, action))
      throw new ArgumentError(
        `profile(): the schedule must answer NONE, WARMUP, RECORD or RECORD_AND_SAVE of ProfilerAction, got ${String(action)} for step ${step}`,
      );
    return action;
  }

  /** @throws TorchError while another profiler is at work in this process. */
  start(): void {
    if (this.running) throw new TorchError('this profiler has started already; stop() it first');
    this.transit(ProfilerAction.NONE, this.currentAction);
    this.running = true;
    this.openStep();
  }

  /** Ends the recording, and calls `onTraceReady` where there is one. */
  stop(): void {
    if (!this.running) throw new TorchError('this profiler has not started; start() it first');
    this.running = false;
    this.closeStep();
    this.transit(this.currentAction, null);
    this.currentAction = this.scheduled;
  }

  /** Says that the next step begins. */
  step(): void {
    if (!this.running) throw new TorchError('step() of a profiler that has not started; start() it first');
    this.closeStep();
    const before = this.currentAction;
    const scheduledBefore = this.scheduled;
    const next = this.actionOf(this.stepNum + 1);
    this.stepNum++;
    this.currentAction = next;
    this.scheduled = next;
    if (before === ProfilerAction.DEVICE_STOPPED) {
      const newCycle = scheduledBefore === ProfilerAction.RECORD_AND_SAVE || next === ProfilerAction.NONE;
      if (!newCycle) this.currentAction = ProfilerAction.DEVICE_STOPPED;
    } else if (
      this.usable?.has('CUDA') &&
      (before === ProfilerAction.WARMUP || before === ProfilerAction.RECORD) &&
      next !== ProfilerAction.NONE &&
      native.profilerStopped()
    ) {
      process.emitWarning(`recording of the device has stopped early, at step ${this.stepNum}`);
      this.currentAction = ProfilerAction.DEVICE_STOPPED;
    }
    this.transit(before, this.currentAction);
    this.openStep();
  }

  private openStep(): void {
    if (this.options.schedule != null) this.stepLabel = native.labelEnter(`ProfilerStep#${this.stepNum}`);
  }
  private closeStep(): void {
    if (this.stepLabel !== 0) native.labelExit(this.stepLabel);
    this.stepLabel = 0;
  }

  /** From the action of one step to the next; null at the end. */
  private transit(before: ProfilerAction, next: ProfilerAction | null): void {
    const leaves = next === null || next === 'NONE' || next === 'WARMUP' || next === 'DEVICE_STOPPED';
    if (before === 'RECORD_AND_SAVE' || (before === 'RECORD' && leaves)) {
      const complete = before === 'RECORD_AND_SAVE' || next === null || next === 'DEVICE_STOPPED';
      if (!complete) process.emitWarning(`Incorrect schedule: RECORD followed by ${next}`);
      if (this.recording === 'started') {
        this.endRecording();
        if (complete) this.traceReady();
      }
    } else if (before === 'WARMUP' && leaves && next !== 'WARMUP' && this.recording === 'prepared') {
      if (next === 'NONE') process.emitWarning('Incorrect schedule: WARMUP followed by NONE');
      this.beginRecording();
      this.endRecording();
      if (next === 'DEVICE_STOPPED') this.traceReady();
    }
    if ((next === 'WARMUP' || records(next)) && this.recording === 'no') this.prepare();
    if (records(next) && this.recording === 'prepared') this.beginRecording();
  }

  private prepare(): void {
    if (active !== null)
      throw new TorchError(
        'another profiler is at work: one at a time can record. stop() it, or start this one after it; for parts of a recording there is recordFunction()',
      );
    const { recordShapes, profileMemory, withFlops, accEvents, customTraceIdCallback } = this.options;
    if (this.trace !== null && !accEvents && !warnedOfClearing) {
      warnedOfClearing = true;
      process.emitWarning(
        'The profiler keeps the events of the last cycle alone. To keep those of all cycles, set accEvents: true.',
      );
    }
    this.usable ??= usableActivities(this.activities);
    this.traceId = customTraceIdCallback
      ? customTraceIdCallback()
      : randomUUID().replaceAll('-', '').toUpperCase();
    const ready = native.profilerPrepare(
      activityMask(this.usable),
      recordShapes ?? false,
      profileMemory ?? false,
      withFlops ?? false,
      this.traceId,
    );
    if (!ready)
      throw new TorchError(
        'a profiler of another thread of this process is at work: one at a time can record. Start this one when that has stopped',
      );
    active = this;
    this.recording = 'prepared';
  }

  private beginRecording(): void {
    try {
      native.profilerStart();
    } catch (error) {
      this.forgetRecording();
      throw error;
    }
    this.recording = 'started';
    const { recordShapes, profileMemory, withFlops } = this.options;
    if (profileMemory) native.profilerMetadata('profile_memory', '1');
    if (recordShapes) native.profilerMetadata('record_shapes', '1');
    if (withFlops) native.profilerMetadata('with_flops', '1');
    for (const [key, json] of this.preset) native.profilerMetadata(key, json);
  }

  private endRecording(): void {
    if (this.options.accEvents && this.trace !== null) this.earlier = [...this.events()];
    const old = this.trace;
    try {
      if (this.usable?.has('CUDA')) synchronize();
    } finally {
      this.forgetRecording();
      this.trace = native.profilerStop();
    }
    if (old !== null) native.profilerRelease(old);
    this.savedTo = null;
    this.parsed = null;
  }

  private forgetRecording(): void {
    this.recording = 'no';
    if (active === this) active = null;
  }

  private traceReady(): void {
    const result = this.options.onTraceReady?.(this);
    if (!isPromise(result)) return;
    const settled = Promise.resolve(result);
    this.pending.push(settled);
    // Whoever waits for it gets the error; where nobody does, the process hears of it.
    if (this.collects) settled.catch(() => {});
  }

  /** Waits for async `onTraceReady` callbacks. @throws what one of them threw. */
  async waitForExports(): Promise<void> {
    await Promise.all(this.pending.splice(0));
  }

  /** @internal From here on errors of async `onTraceReady` callbacks wait for `waitForExports`. */
  collectErrors(): void {
    this.collects = true;
    for (const each of this.pending) each.catch(() => {});
  }

  private recorded(what: string): ProfilerTrace {
    if (this.trace === null)
      throw new TorchError(
        `${what}: nothing is recorded yet; call it after stop(), after profile() or in onTraceReady`,
      );
    return this.trace;
  }

  /** The events of the last cycle, by start. Source: profile.events. */
  events(): EventList<FunctionEvent> {
    const trace = this.recorded('events()');
    if (this.parsed !== null) return this.parsed;
    const { recordShapes, withFlops, profileMemory } = this.options;
    const table = native.profilerEvents(trace, (recordShapes || withFlops) ?? false);
    const settings = { profileMemory: profileMemory ?? false, withFlops: withFlops ?? false };
    const tree = treeOf(parseEvents(table, this.usable?.has('CUDA') ? 'cuda' : null), settings);
    this.parsed = this.earlier.length > 0 ? new EventList([...tree, ...this.earlier], settings) : tree;
    this.earlier = [];
    return this.parsed;
  }

  /** Calls added up by operator, or by operator and shapes. Source: profile.key_averages. */
  keyAverages(groupByInputShape?: boolean | KeyAveragesOptions): EventList<FunctionEventAvg>;
  keyAverages(...args: [(boolean | KeyAveragesOptions)?]): EventList<FunctionEventAvg> {
    return this.events().keyAverages(...args);
  }

  /**
   * Writes the last cycle as a Chrome trace (chrome://tracing, Perfetto, TensorBoard), once; packed
   * where the path ends in `.gz`. The file is written before this returns its promise, packing is not.
   *
   * @throws TorchError for a second time, or where the file cannot be written. Source: profile.export_chrome_trace.
   */
  async exportChromeTrace(path: string): Promise<void> {
    const trace = this.recorded('exportChromeTrace()');
    if (typeof path !== 'string')
      throw new ArgumentError(`exportChromeTrace(): argument 'path' must be a string, got ${typeof path}`);
    if (this.savedTo !== null)
      throw new TorchError(
        `exportChromeTrace(): this trace has been written to ${this.savedTo} already, which empties it; copy that file`,
      );
    await saveTrace(trace, path, () => {
      this.savedTo = path;
    });
  }

  /** Adds a text to the trace; while it records. Source: profile.add_metadata. */
  addMetadata(key: string, value: string): void {
    native.profilerMetadata(plainText(key), JSON.stringify(plainText(value)));
  }
  /** Adds a JSON value to the trace; while it records. Source: profile.add_metadata_json. */
  addMetadataJson(key: string, json: string): void {
    native.profilerMetadata(plainText(key), plainJson(json));
  }
  /** Adds a JSON value to every trace to come. Source: profile.preset_metadata_json. */
  presetMetadataJson(key: string, json: string): void {
    this.preset.set(plainText(key), plainJson(json));
  }
  /** Turns activities off and on again while it records. Source: profile.toggle_collection_dynamic. */
  toggleCollectionDynamic(enable: boolean, activities: Iterable<ProfilerActivity>): void {
    if (this.recording === 'started')
      native.profilerToggle(enable, activityMask(parseActivities(activities)));
  }
  /** The name of the last cycle's trace, or null. Source: profile.get_trace_id. */
  getTraceId(): string | null {
    return this.traceId;
  }
}

/**
 * Records what `callback` does; gives the profile, or its promise for an async callback. The recording
 * ends with the callback, also where it throws.
 *
 * ```ts
 * const prof = await torch.profiler.profile({ recordShapes: true }, async (prof) => {
 *   for await (const batch of loader) { train(batch); prof.step(); }
 * });
 * console.log(prof.keyAverages().table({ sortBy: 'selfCpuTimeTotal', rowLimit: 10 }));
 * ```
 *
 * @throws TorchError while another profiler is at work. Source: torch.profiler.profile.
 */
export function profile(callback: (prof: Profile) => PromiseLike<unknown>): Promise<Profile>;
export function profile(callback: (prof: Profile) => unknown): Profile;
export function profile(
  options: ProfileOptions,
  callback: (prof: Profile) => PromiseLike<unknown>,
): Promise<Profile>;
export function profile(options: ProfileOptions, callback: (prof: Profile) => unknown): Profile;
export function profile(...args: unknown[]): Profile | Promise<Profile> {
  const callback = args.at(-1);
  if (typeof callback !== 'function')
    throw new ArgumentError(
      'profile() expects a function as its last argument, as `profile({ … }, (prof) => { … })`; new Profile({ … }) has start() and stop()',
    );
  if (args.length > 2)
    throw new ArgumentError(`profile() takes options and a function, got ${args.length} arguments`);
  const prof = new Profile(args.length === 2 ? (args[0] as ProfileOptions) : {});
  prof.start();
  let result: unknown;
  try {
    result = (callback as (prof: Profile) => unknown)(prof);
  } catch (error) {
    stopAfterError(prof);
    throw error;
  }
  if (!isPromise(result)) {
    prof.stop();
    return prof;
  }
  prof.collectErrors();
  return (async () => {
    try {
      await result;
    } catch (error) {
      stopAfterError(prof);
      await prof.waitForExports().catch(() => {});
      throw error;
    }
    prof.stop();
    await prof.waitForExports();
    return prof;
  })();
}

/** Ends the recording; the error of the callback is the one that is told. */
function stopAfterError(prof: Profile): void {
  try {
    prof.stop();
  } catch {
    // The callback's own error is on its way.
  }
}
