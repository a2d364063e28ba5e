/** Differentiation: grad modes per async flow, `autograd.grad`, `autograd.backward`. */
import { ArgumentError } from '../errors.js';
import { native } from '../native.js';
import { type AutocastMode, changeMode, currentMode, syncMode, withMode } from '../ops/mode.js';
import type { DType } from '../bindings.js';
import { Tensor } from '../tensor/tensor.js';

function checkCallback(name: string, callback: unknown): void {
  if (typeof callback !== 'function')
    throw new ArgumentError(`${name}() expects a function, as \`torch.${name}(() => …)\`, got ${typeof callback}`);
}

/**
 * Runs `callback` without recording history. The callback may be async: the mode belongs to its flow
 * alone. Source: torch.no_grad.
 */
export function noGrad<T>(callback: () => T): T {
  checkCallback('noGrad', callback);
  return withMode({ grad: false }, callback);
}

/** Runs `callback` with recording, also inside `noGrad`. Source: torch.enable_grad. */
export function enableGrad<T>(callback: () => T): T {
  checkCallback('enableGrad', callback);
  return withMode({ grad: true }, callback);
}

/** Runs `callback` in inference mode: no history, no version counters. Source: torch.inference_mode. */
export function inferenceMode<T>(callback: () => T): T {
  checkCallback('inferenceMode', callback);
  return withMode({ grad: false, inference: true }, callback);
}

/** Sets the grad mode for `callback`, or from here on where none is given. Source: torch.set_grad_enabled. */
export function setGradEnabled(mode: boolean): void;
export function setGradEnabled<T>(mode: boolean, callback: () => T): T;
export function setGradEnabled<T>(mode: boolean, callback?: () => T): T | undefined {
  if (callback) return withMode({ grad: mode }, callback);
  changeMode({ grad: mode });
  return undefined;
}

/** Source: torch.is_grad_enabled. */
export function isGradEnabled(): boolean {
  return currentMode().grad;
}

/** Source: torch.is_inference_mode_enabled. */
export function isInferenceModeEnabled(): boolean {
  return currentMode().inference;
}

/** Options of `autocast`. */
export interface AutocastOptions {
  /** Default: bfloat16 on the CPU, float16 on CUDA. */
  dtype?: DType;
  /** Default: true. */
  enabled?: boolean;
  /** Default: true. */
  cacheEnabled?: boolean;
}

/**
 * Runs `callback` with mixed precision on a device type: `autocast('cuda', () => …)` or
 * `autocast('cpu', { dtype: 'bfloat16' }, () => …)`. Source: torch.autocast.
 */
export function autocast<T>(deviceType: string, callback: () => T): T;
export function autocast<T>(deviceType: string, options: AutocastOptions, callback: () => T): T;
export function autocast<T>(deviceType: string, second: AutocastOptions | (() => T), third?: () => T): T {
  const callback = typeof second === 'function' ? second : third;
  const options = typeof second === 'function' ? {} : second;
  if (typeof callback !== 'function') throw new ArgumentError('autocast() expects a function as its last argument');
  if (deviceType !== 'cpu' && deviceType !== 'cuda')
    throw new ArgumentError(`autocast() expects the device type 'cpu' or 'cuda', got '${deviceType}'`);
  const mode: AutocastMode = {
    enabled: options.enabled ?? true,
    dtype: options.dtype ?? (deviceType === 'cpu' ? 'bfloat16' : 'float16'),
    cacheEnabled: options.cacheEnabled ?? true,
  };
  return withMode({ autocast: { ...currentMode().autocast, [deviceType]: mode } }, callback);
}

type OneOrMore = Tensor | readonly Tensor[];
const list = (value: OneOrMore): Tensor[] => (value instanceof Tensor ? [value] : [...value]);

/** Options of `grad`. */
export interface GradOptions {
  gradOutputs?: Tensor | readonly (Tensor | null)[] | null;
  /** Default: `createGraph`. */
  retainGraph?: boolean;
  /** Default: false. */
  createGraph?: boolean;
  /** Inputs that the outputs do not depend on give null instead of an error. Default: false. */
  allowUnused?: boolean;
}

/**
 * Gradients of outputs with respect to inputs, returned and not accumulated.
 *
 * @throws AutogradError without history or for an unused input. Source: torch.autograd.grad.
 */
export function grad(
  outputs: OneOrMore,
  inputs: OneOrMore,
  gradOutputs?: GradOptions['gradOutputs'] | GradOptions,
  options: GradOptions = {},
): Tensor[] {
  syncMode();
  const isSeed = gradOutputs == null || gradOutputs instanceof Tensor || Array.isArray(gradOutputs);
  const settings: GradOptions = isSeed
    ? { gradOutputs: gradOutputs as GradOptions['gradOutputs'], ...options }
    : { ...(gradOutputs as GradOptions), ...options };
  const seeds = settings.gradOutputs;
  const seedList: readonly (Tensor | null)[] | null = seeds == null ? null : seeds instanceof Tensor ? [seeds] : seeds;
  const handles = native.gradients(
    list(outputs).map((t) => t.handle),
    list(inputs).map((t) => t.handle),
    seedList ? seedList.map((t) => (t ? t.handle : null)) : null,
    settings.retainGraph ?? null,
    settings.createGraph ?? false,
    settings.allowUnused ?? false,
  );
  return handles.map((h) => (h === null ? (null as unknown as Tensor) : new Tensor(h)));
}

/** Options of `backward`. */
export interface BackwardManyOptions {
  gradTensors?: Tensor | readonly (Tensor | null)[] | null;
  retainGraph?: boolean;
  createGraph?: boolean;
  inputs?: OneOrMore | null;
}

/** Accumulates the gradients of several tensors at once. Source: torch.autograd.backward. */
export function backward(tensors: OneOrMore, options: BackwardManyOptions = {}): void {
  syncMode();
  const { gradTensors, inputs } = options;
  const seeds: readonly (Tensor | null)[] | null =
    gradTensors == null ? null : gradTensors instanceof Tensor ? [gradTensors] : gradTensors;
  native.backward(
    list(tensors).map((t) => t.handle),
    seeds ? seeds.map((t) => (t ? t.handle : null)) : null,
    options.retainGraph ?? null,
    options.createGraph ?? false,
    inputs ? list(inputs).map((t) => t.handle) : null,
  );
}
