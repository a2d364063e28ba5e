/**
 * Grad mode, inference mode, autocast and tensor scopes, per async flow.
 *
 * LibTorch keeps the modes for a thread, and all async flows of JavaScript share one. So the mode of
 * a flow lives in an `AsyncLocalStorage`, and the native side is switched when an operator of another
 * flow comes. While no asynchronous callback is in progress (the usual case: training) nothing is
 * looked up: the synchronous enter and leave are enough.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { DType } from '../bindings.js';
import { native } from '../native.js';

export interface AutocastMode {
  readonly enabled: boolean;
  readonly dtype: DType;
  readonly cacheEnabled: boolean;
}

/** Everything that `with` blocks of PyTorch change for the operators inside. */
export interface Mode {
  readonly grad: boolean;
  readonly inference: boolean;
  /** By device type; null where autocast was never used. */
  readonly autocast: Readonly<Record<string, AutocastMode>> | null;
  /** Takes every tensor made in a `torch.scope`, or null. */
  readonly scope: ((tensor: object) => void) | null;
}

/** One `with` block: its mode holds until its callback is done, for the flow inside it. */
interface Region {
  mode: Mode;
  /** False when the callback has returned or its promise has settled. */
  active: boolean;
  readonly outer: Region | null;
}

const initial: Mode = { grad: true, inference: false, autocast: null, scope: null };
const storage = new AsyncLocalStorage<Region>();

/** Async callbacks in progress; while there are any, each operator looks up its flow's mode. */
let asyncRegions = 0;
let applied: Mode = initial;
/** `setGradEnabled(…)` without a callback changes the mode of whoever has no region of their own. */
let base: Mode = initial;

/** The innermost region of this flow that has not ended; work that outlives its region is outside of it. */
function currentRegion(): Region | null {
  let region = storage.getStore() ?? null;
  while (region !== null && !region.active) region = region.outer;
  return region;
}

function apply(mode: Mode): void {
  const before = applied;
  if (before === mode) return;
  applied = mode;
  if (before.grad !== mode.grad || before.inference !== mode.inference)
    native.setModes(mode.grad, mode.inference);
  if (before.autocast !== mode.autocast) {
    const devices = new Set([...Object.keys(before.autocast ?? {}), ...Object.keys(mode.autocast ?? {})]);
    for (const device of devices) {
      const cast = mode.autocast?.[device];
      const fallback: DType = device === 'cpu' ? 'bfloat16' : 'float16';
      native.setAutocast(device, cast?.enabled ?? false, cast?.dtype ?? fallback, cast?.cacheEnabled ?? true);
    }
    native.clearAutocastCache();
  }
}

/** Makes the native side follow the current flow; called before every operator. */
export function syncMode(): void {
  if (asyncRegions > 0) apply(currentRegion()?.mode ?? base);
}

/** The mode of the current flow. */
export function currentMode(): Mode {
  return asyncRegions > 0 ? (currentRegion()?.mode ?? base) : applied;
}

/** The scope that takes new tensors, or null. */
export function currentScope(): ((tensor: object) => void) | null {
  syncMode();
  return applied.scope;
}

/** Whether a callback was asynchronous. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/**
 * Runs `callback` under a changed mode. An async callback keeps the mode for its own flow, until its
 * promise settles; flows that run in between are untouched.
 */
export function withMode<T>(change: Partial<Mode>, callback: () => T): T {
  const outer = currentMode();
  const region: Region = { mode: { ...outer, ...change }, active: true, outer: currentRegion() };
  let result: T | undefined;
  try {
    result = storage.run(region, () => {
      apply(region.mode);
      return callback();
    });
  } finally {
    region.active = isPromise(result);
    apply(outer);
  }
  if (isPromise(result)) {
    asyncRegions++;
    const settled = (): void => {
      region.active = false;
      asyncRegions--;
      // The last region to end leaves the base mode behind.
      if (asyncRegions === 0) apply(base);
    };
    // The caller gets a promise of its own flow; this one only counts.
    result.then(settled, settled);
  }
  return result as T;
}

/**
 * Runs a function that the engine calls in the middle of backward: there it has switched the thread's
 * grad mode itself (off, unless a graph of the derivative is built).
 */
export function insideEngine<T>(callback: () => T): T {
  const outer = applied;
  const mode: Mode = { ...currentMode(), grad: native.isGradEnabled() };
  const region: Region = { mode, active: true, outer: currentRegion() };
  applied = mode;
  try {
    return storage.run(region, callback);
  } finally {
    region.active = false;
    applied = outer;
  }
}

/**
 * Changes the mode from here on (Python's `torch.set_grad_enabled(x)` as a statement): until the end of
 * the region that it is said in, or for good outside of any.
 */
export function changeMode(change: Partial<Mode>): void {
  const next: Mode = { ...currentMode(), ...change };
  const region = currentRegion();
  if (region) region.mode = next;
  else base = next;
  apply(next);
}
