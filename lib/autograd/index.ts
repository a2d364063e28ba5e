/** Differentiation: grad modes per async flow, `autograd.grad`, `autograd.backward`. */
import { ArgumentError } from '../errors.js';
import { native } from '../native.js';
import { type AutocastMode, changeMode, currentMode, syncMode, withMode } from '../ops/mode.js';
import type { DType, Handle } from '../bindings.js';
import { bindArguments, type Signature } from '../ops/bind.js';
import { dtypeBytes } from '../tensor/dtype.js';
import { iterableOf } from '../tensor/keywords.js';
import { expectTensor, Tensor } from '../tensor/tensor.js';

function checkCallback(name: string, callback: unknown): void {
  if (typeof callback !== 'function')
    throw new ArgumentError(
      `${name}() expects a function, as \`torch.${name}(() => …)\`, got ${typeof callback}`,
    );
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
  if (callback !== undefined) {
    checkCallback('setGradEnabled', callback);
    return withMode({ grad: mode }, callback);
  }
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

const autocastParameters: Signature = {
  name: 'autocast',
  params: ['deviceType', 'dtype', 'enabled', 'cacheEnabled'],
};

/** Options of `autocast`. */
export interface AutocastOptions {
  /** Default: bfloat16 on the CPU, float16 on CUDA. */
  dtype?: DType | null;
  /** Default: true. */
  enabled?: boolean;
  /** Default: true. */
  cacheEnabled?: boolean | null;
}

/**
 * Runs `callback` with mixed precision on a device type: `autocast('cuda', () => …)` or
 * `autocast('cpu', { dtype: 'bfloat16' }, () => …)`. Source: torch.autocast.
 */
export function autocast<T>(deviceType: string, callback: () => T): T;
export function autocast<T>(deviceType: string, options: AutocastOptions | DType, callback: () => T): T;
export function autocast<T>(options: { deviceType: string } & AutocastOptions, callback: () => T): T;
export function autocast<T>(...args: unknown[]): T {
  const callback = args.at(-1);
  if (typeof callback !== 'function')
    throw new ArgumentError('autocast() expects a function as its last argument');
  const options = bindArguments(autocastParameters, args.slice(0, -1)) as AutocastOptions & {
    deviceType?: unknown;
  };
  const { deviceType } = options;
  if (deviceType !== 'cpu' && deviceType !== 'cuda')
    throw new ArgumentError(
      `autocast() expects the device type 'cpu' or 'cuda', got ${typeof deviceType === 'string' ? `'${deviceType}'` : typeof deviceType}`,
    );
  if (options.dtype != null) dtypeBytes(options.dtype);
  const mode: AutocastMode = {
    enabled: options.enabled ?? true,
    dtype: options.dtype ?? (deviceType === 'cpu' ? 'bfloat16' : 'float16'),
    cacheEnabled: options.cacheEnabled ?? true,
  };
  return withMode({ autocast: { ...currentMode().autocast, [deviceType]: mode } }, callback as () => T);
}

type OneOrMore = Tensor | readonly Tensor[];
type Seeds = Tensor | readonly (Tensor | null)[] | null;

/** The handles of one tensor or of a list of them. @throws ArgumentError for anything else. */
function handlesOf(name: string, value: unknown): Handle[] {
  if (value instanceof Tensor) return [value.handle];
  return [...iterableOf(name, value as Iterable<unknown>)].map((each) => expectTensor(name, each).handle);
}

/** The handles of gradients to start from; null stands for ones. */
function seedsOf(name: string, value: unknown): (Handle | null)[] | null {
  if (value === undefined || value === null) return null;
  if (value instanceof Tensor) return [value.handle];
  return [...iterableOf(name, value as Iterable<unknown>)].map((each) =>
    each === null || each === undefined ? null : expectTensor(name, each).handle,
  );
}

/** Options of `grad`. */
export interface GradOptions {
  gradOutputs?: Seeds;
  /** Default: `createGraph`. */
  retainGraph?: boolean | null;
  /** Default: false. */
  createGraph?: boolean;
  /** Inputs that the outputs do not depend on give null instead of an error. Default: false. */
  allowUnused?: boolean | null;
}

const gradParameters: Signature = {
  name: 'grad',
  params: ['outputs', 'inputs', 'gradOutputs', 'retainGraph', 'createGraph'],
  keywordOnly: ['allowUnused'],
  required: 2,
};

/**
 * Gradients of outputs with respect to inputs, returned and not accumulated.
 *
 * @throws AutogradError without history or for an unused input. Source: torch.autograd.grad.
 */
export function grad(
  outputs: OneOrMore,
  inputs: OneOrMore,
  gradOutputs?: Seeds | GradOptions,
  options?: GradOptions,
): Tensor[];
export function grad(
  outputs: OneOrMore,
  inputs: OneOrMore,
  gradOutputs: Seeds,
  retainGraph: boolean | null,
  createGraph?: boolean,
  options?: GradOptions,
): Tensor[];
export function grad(options: { outputs: OneOrMore; inputs: OneOrMore } & GradOptions): Tensor[];
export function grad(...args: unknown[]): Tensor[] {
  const given = bindArguments(gradParameters, args);
  const { retainGraph, createGraph, allowUnused } = given as GradOptions;
  syncMode();
  const handles = native.gradients(
    handlesOf('grad(): outputs', given.outputs),
    handlesOf('grad(): inputs', given.inputs),
    seedsOf('grad(): gradOutputs', given.gradOutputs),
    retainGraph ?? null,
    createGraph ?? false,
    allowUnused ?? false,
  );
  return handles.map((h) => (h === null ? (null as unknown as Tensor) : new Tensor(h)));
}

/** Options of `backward`. */
export interface BackwardManyOptions {
  gradTensors?: Seeds;
  retainGraph?: boolean | null;
  createGraph?: boolean;
  inputs?: OneOrMore | null;
}

const backwardParameters: Signature = {
  name: 'backward',
  params: ['tensors', 'gradTensors', 'retainGraph', 'createGraph'],
  keywordOnly: ['inputs'],
  required: 1,
};

/** Accumulates the gradients of several tensors at once. Source: torch.autograd.backward. */
export function backward(tensors: OneOrMore, options?: BackwardManyOptions): void;
export function backward(
  tensors: OneOrMore,
  gradTensors: Seeds,
  retainGraph?: boolean | null | BackwardManyOptions,
  createGraph?: boolean | BackwardManyOptions,
  options?: BackwardManyOptions,
): void;
export function backward(options: { tensors: OneOrMore } & BackwardManyOptions): void;
export function backward(...args: unknown[]): void {
  const given = bindArguments(backwardParameters, args);
  const { retainGraph, createGraph, inputs } = given as BackwardManyOptions;
  syncMode();
  native.backward(
    handlesOf('backward(): tensors', given.tensors),
    seedsOf('backward(): gradTensors', given.gradTensors),
    retainGraph ?? null,
    createGraph ?? false,
    inputs == null ? null : handlesOf('backward(): inputs', inputs),
  );
}
