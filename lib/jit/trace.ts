/** `torch.jit.trace`: a module or function as TorchScript, by running it once. */
import type { ScriptHandle } from '../bindings.js';
import { noGrad } from '../autograd/index.js';
import { ArgumentError } from '../errors.js';
import { native } from '../native.js';
import { Module } from '../nn/module.js';
import { fromNative } from '../ops/invoke.js';
import { isPromise } from '../ops/mode.js';
import { getRngState, setRngState } from '../random/index.js';
import { Tensor } from '../tensor/index.js';
import { checkedOptions } from '../tensor/keywords.js';
import { ScriptModule } from './script-module.js';
import { toNative } from './values.js';

/** Options of {@link trace}. */
export interface TraceOptions {
  /** Run module and trace again and compare them; a difference becomes a warning. Default: true. */
  checkTrace?: boolean;
  /** The relative tolerance of that comparison. Default: 1e-5. */
  checkTolerance?: number;
  /** Refuse results whose keys the trace would fix (plain objects). Default: true. */
  strict?: boolean;
}

let tracing = false;

/** Whether a function is being traced at the moment. Source: torch.jit.is_tracing. */
export function isTracing(): boolean {
  return tracing;
}

const identifier = (name: string): string => name.replace(/\W/g, '_') || 'Traced';

/** The native image of a module: the same tensors under the same names. */
function mirror(module: Module, root: ScriptHandle | null, seen: Map<Module, ScriptHandle>): ScriptHandle {
  const known = seen.get(module);
  if (known) return known;
  const script = native.jitCreate(identifier(module._getName()), module.training, root);
  seen.set(module, script);
  for (const [name, parameter] of module._ownParameters())
    if (parameter) native.jitRegister(script, 'parameter', name, parameter.handle);
  for (const [name, buffer] of module._ownBuffers())
    if (buffer) native.jitRegister(script, 'buffer', name, buffer.handle);
  for (const [name, child] of module._ownModules())
    if (child) native.jitRegister(script, 'module', name, mirror(child, root ?? script, seen));
  return script;
}

/** The tensors of a result, in order. */
function tensorsOf(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsOf);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(tensorsOf);
  return [];
}

function compare(expected: unknown, got: unknown, rtol: number): void {
  const wanted = tensorsOf(expected);
  const found = tensorsOf(got);
  for (const [i, tensor] of wanted.entries()) {
    const other = found[i];
    if (other && tensor.shape.join() === other.shape.join()) {
      const close = tensor.allclose(other.to({ dtype: tensor.dtype }), { rtol, atol: rtol, equalNan: true });
      if (close) continue;
    }
    process.emitWarning(
      `Output nr ${i + 1} of the traced function does not match the output of the function itself: it may draw ` +
        'random numbers, or depend on values (sizes, item()) that the trace keeps as constants',
      'TracerWarning',
    );
  }
}

/**
 * Runs a module or function once and keeps its operators as a TorchScript module.
 *
 * What is no tensor is a constant of the trace: branches, numbers read by `item()`, and sizes. So write
 * `x.flatten(1)`, not `x.view(x.shape[0], -1)`, where batches may differ in size. Parameters and buffers
 * stay shared with the traced module: training goes on in both.
 *
 * @param target A module, or a function of tensors.
 * @param exampleInputs A tensor, or an array with one entry for each argument: tensors, arrays and plain
 *   objects of tensors.
 * @returns A callable module, with `forwardAsync` beside `forward`.
 * @throws ArgumentError for inputs or results that cannot be traced; what the target throws.
 * Source: torch.jit.trace.
 */
export function trace(
  // biome-ignore lint/suspicious/noExplicitAny: any module, any function of tensors
  target: Module<any[], any> | ((...inputs: any[]) => unknown),
  exampleInputs: Tensor | readonly unknown[],
  options?: TraceOptions,
): ScriptModule {
  const given = checkedOptions('jit.trace', options, ['checkTrace', 'checkTolerance', 'strict']);
  if (typeof target !== 'function')
    throw new ArgumentError(`jit.trace() expects a Module or a function, got ${typeof target}`);
  if (target instanceof ScriptModule) return target;
  if (!(exampleInputs instanceof Tensor) && !Array.isArray(exampleInputs))
    throw new ArgumentError(
      'jit.trace() expects example inputs: a Tensor, or an array with one entry for each argument',
    );
  if (tracing) throw new ArgumentError('jit.trace() is running already; trace one function after the other');
  const inputs: readonly unknown[] = exampleInputs instanceof Tensor ? [exampleInputs] : exampleInputs;
  const module = target instanceof Module ? target : undefined;
  const handle = module
    ? mirror(module, null, new Map())
    : native.jitCreate(identifier(target.name), false, null);
  const call = target as (...inputs: unknown[]) => unknown;
  const randomState = getRngState();
  native.jitGiveBackMemory();
  tracing = true;
  try {
    const forward = (values: unknown[]): unknown => {
      const result = call(...values.map(fromNative));
      if (isPromise(result))
        throw new ArgumentError('jit.trace() follows synchronous functions; this one gives a Promise');
      return toNative(result);
    };
    // What the trace keeps does not depend on the grad mode, and without one activations are freed at once.
    noGrad(() => native.jitTrace(handle, inputs.map(toNative), forward, given.strict ?? true));
  } finally {
    tracing = false;
  }
  // The activations of a large batch leave free memory in pieces that the next run has no use for.
  native.jitGiveBackMemory();
  const traced = new ScriptModule(handle, module);
  if (given.checkTrace ?? true) {
    const after = getRngState();
    noGrad(() => {
      setRngState(randomState);
      const expected = call(...inputs);
      native.jitGiveBackMemory();
      setRngState(randomState);
      compare(expected, traced(...inputs), given.checkTolerance ?? 1e-5);
    });
    setRngState(after);
    native.jitGiveBackMemory();
  }
  return traced;
}
