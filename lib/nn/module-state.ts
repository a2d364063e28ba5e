/** State dicts: collecting and loading. */
import { noGrad } from '../autograd/index.js';
import { ArgumentError, StateDictError } from '../errors.js';
import { copyEach, haveSameShape } from '../tensor/copy.js';
import { Tensor } from '../tensor/index.js';
import type { Module } from './module.js';
import { Parameter } from './parameter.js';

/** Tensors by dotted names, in PyTorch's order. */
export type StateDict = Record<string, Tensor>;

/** What `loadStateDict` found not to match; destructures as an array too. */
export interface IncompatibleKeys extends Iterable<string[]> {
  /** Keys of the module that the state dict lacks. */
  missingKeys: string[];
  /** Keys of the state dict that the module lacks. */
  unexpectedKeys: string[];
}

/** Source: Module.state_dict. */
export function collectState(module: Module, prefix: string, keepVars: boolean): StateDict {
  const state = Object.create(null) as StateDict;
  const add = (key: string, value: Tensor): void => {
    state[key] = keepVars ? value : value.detach();
  };
  const visit = (here: Module, path: string): void => {
    for (const [name, value] of here._ownParameters()) if (value) add(path + name, value);
    for (const [name, value, persistent] of here._ownBuffers())
      if (value && persistent) add(path + name, value);
    for (const [name, child] of here._ownModules()) if (child) visit(child, `${path}${name}.`);
  };
  visit(module, prefix);
  return state;
}

/** One tensor that will be loaded. */
interface Step {
  readonly owner: Module;
  readonly name: string;
  readonly target: Tensor;
  readonly source: Tensor;
}

/** Buffers that dictionaries of old PyTorch versions (without version marks) do not have. */
const optionalBuffers = new Set(['num_batches_tracked']);

const torchSize = (tensor: Tensor): string => `torch.Size([${tensor.shape.join(', ')}])`;

const kindOf = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? (value.constructor?.name ?? 'object')
    : value === null
      ? 'null'
      : typeof value;

class Loading {
  readonly missing: string[] = [];
  readonly unexpected: string[] = [];
  readonly errors: string[] = [];
  readonly steps: Step[] = [];

  constructor(readonly state: ReadonlyMap<string, unknown>) {}

  /** Compares a module and those inside with the entries of the state dict below its prefix. */
  visit(module: Module, prefix: string, keys: Iterable<string>): void {
    const local = new Set<string>();
    for (const [name, value] of module._ownParameters())
      if (value) this.#entry(module, name, value, prefix, local);
    for (const [name, value, persistent] of module._ownBuffers())
      if (value && persistent) this.#entry(module, name, value, prefix, local);
    const children = new Map(module._ownModules());
    const keysBelow = new Map<string, string[]>();
    for (const key of keys) {
      const dot = key.indexOf('.', prefix.length);
      const name = dot < 0 ? key.slice(prefix.length) : key.slice(prefix.length, dot);
      const known = dot < 0 ? local.has(name) : children.has(name);
      if (!known) this.unexpected.push(key);
      if (dot < 0) continue;
      const same = keysBelow.get(name);
      if (same) same.push(key);
      else keysBelow.set(name, [key]);
    }
    for (const [name, child] of children)
      if (child) this.visit(child, `${prefix}${name}.`, keysBelow.get(name) ?? []);
  }

  #entry(owner: Module, name: string, target: Tensor, prefix: string, local: Set<string>): void {
    local.add(name);
    const key = prefix + name;
    if (!this.state.has(key)) {
      if (!optionalBuffers.has(name)) this.missing.push(key);
      return;
    }
    const source = this.state.get(key);
    if (!(source instanceof Tensor)) {
      this.errors.push(
        `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${kindOf(source)}`,
      );
      return;
    }
    let from = source;
    if (!haveSameShape(from, target)) {
      if (target.dim() === 0 && from.dim() === 1 && from.size(0) === 1) from = from.index(0);
      else {
        this.errors.push(
          `size mismatch for ${key}: copying a param with shape ${torchSize(from)} from checkpoint, the shape in current model is ${torchSize(target)}.`,
        );
        return;
      }
    }
    this.steps.push({ owner, name, target, source: from });
  }
}

const quoted = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(', ');

function assignStep({ owner, name, target, source }: Step): void {
  let value: Tensor = source;
  if (target instanceof Parameter) {
    if (source instanceof Parameter) source.requiresGrad = target.requiresGrad;
    else value = new Parameter(source, target.requiresGrad);
  }
  owner._setMember(name, value);
}

/** Source: Module.load_state_dict. */
export function loadState(
  module: Module,
  given: StateDict | ReadonlyMap<string, unknown> | Record<string, unknown>,
  strict: boolean,
  assign: boolean,
): IncompatibleKeys {
  if (typeof given !== 'object' || given === null || given instanceof Tensor || Array.isArray(given))
    throw new ArgumentError(`Expected state_dict to be dict-like, got ${kindOf(given)}.`);
  const state = given instanceof Map ? given : new Map(Object.entries(given));
  const loading = new Loading(state);
  loading.visit(module, '', [...state.keys()]);
  const { missing, unexpected, errors, steps } = loading;
  if (strict && unexpected.length > 0)
    errors.unshift(`Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
  if (strict && missing.length > 0) errors.unshift(`Missing key(s) in state_dict: ${quoted(missing)}. `);
  if (errors.length > 0)
    throw new StateDictError(
      `Error(s) in loading state_dict for ${module._getName()}:\n\t${errors.join('\n\t')}`,
    );
  noGrad(() => {
    if (assign) steps.forEach(assignStep);
    else copyEach(steps);
  });
  const result = { missingKeys: missing, unexpectedKeys: unexpected };
  const values = [missing, unexpected];
  Object.defineProperty(result, Symbol.iterator, { value: () => values.values() });
  return result as IncompatibleKeys;
}
