/** Hooks around a module's call. */
import { ArgumentError, NotImplementedError } from '../errors.js';
import { type RemovableHandle, Tensor } from '../tensor/index.js';
import { checkedOptions } from '../tensor/keywords.js';
import type { Module } from './module.js';

/** What has hooks. */
interface HookOwner {
  _hooks: Hooks | null;
}

type Hook = (...args: unknown[]) => unknown;

/** The hooks of a module, by kind, in the order of their calls. */
export interface Hooks {
  forwardPre: Hook[];
  forward: Hook[];
  backward: Hook[];
}

/** Options of a hook's registration. */
export interface HookOptions {
  /** Before the hooks that are there. Default: false. */
  prepend?: boolean;
  /** Must be false. */
  withKwargs?: boolean;
  /** Must be false. */
  alwaysCall?: boolean;
}

const names = {
  forwardPre: 'registerForwardPreHook',
  forward: 'registerForwardHook',
  backward: 'registerFullBackwardHook',
} as const;

/** Adds a hook; `remove()` of what it returns takes it away. */
export function addHook(
  module: HookOwner,
  kind: keyof Hooks,
  hook: Hook,
  options?: HookOptions | null,
): RemovableHandle {
  const keys = ['prepend', 'withKwargs', 'alwaysCall'] as const;
  const { prepend = false, withKwargs, alwaysCall } = checkedOptions(names[kind], options, keys);
  if (withKwargs || alwaysCall)
    throw new NotImplementedError(
      `${names[kind]}() knows no ${withKwargs ? 'withKwargs' : 'alwaysCall'}: calls have no keyword arguments of their own, and hooks run where forward succeeds`,
    );
  if (typeof hook !== 'function') throw new ArgumentError(`a hook must be a function, got ${typeof hook}`);
  module._hooks ??= { forwardPre: [], forward: [], backward: [] };
  const hooks = module._hooks;
  // An own function for each registration: the same hook may be there twice.
  const entry: Hook = (...args) => hook(...args);
  if (prepend) hooks[kind].unshift(entry);
  else hooks[kind].push(entry);
  return {
    remove: () => {
      const at = hooks[kind].indexOf(entry);
      if (at >= 0) hooks[kind].splice(at, 1);
      if (hooks.forwardPre.length + hooks.forward.length + hooks.backward.length === 0) module._hooks = null;
    },
  };
}

/** Runs `forward` with the hooks around it. */
// biome-ignore lint/suspicious/noExplicitAny: the arguments are those of a user's forward
export function runWithHooks<I extends any[]>(module: Module<I>, hooks: Hooks, given: I): unknown {
  let args: unknown[] = given;
  for (const hook of [...hooks.forwardPre]) {
    const result = hook(module, args);
    if (result !== undefined && result !== null) args = Array.isArray(result) ? result : [result];
  }
  const watch = hooks.backward.length > 0 ? new BackwardWatch(module as Module, [...hooks.backward]) : null;
  if (watch) args = watch.inputs(args);
  let output: unknown = module.forward(...(args as I));
  for (const hook of [...hooks.forward]) {
    const result = hook(module, args, output);
    if (result !== undefined && result !== null) output = result;
  }
  return watch ? watch.outputs(output) : output;
}

/** Gathers the gradients of one call's outputs and inputs, and calls the hooks when all are there. */
class BackwardWatch {
  readonly #module: Module;
  readonly #hooks: Hook[];
  #gradInput: (Tensor | null)[] = [];
  #gradOutput: (Tensor | null)[] = [];
  #waiting = 0;
  #watched = 0;

  constructor(module: Module, hooks: Hook[]) {
    this.#module = module;
    this.#hooks = hooks;
  }

  inputs(args: unknown[]): unknown[] {
    const tensors = args.filter((arg) => arg instanceof Tensor);
    this.#gradInput = tensors.map(() => null);
    this.#watched = tensors.filter((tensor) => tensor.requiresGrad).length;
    this.#waiting = this.#watched;
    let at = 0;
    return args.map((arg) => {
      if (!(arg instanceof Tensor)) return arg;
      const place = at++;
      if (!arg.requiresGrad) return arg;
      // A view of its own: its gradient is this call's alone.
      const view = arg.viewAs(arg);
      view.registerHook((grad) => this.#arrived(place, grad));
      return view;
    });
  }

  #arrived(place: number, grad: Tensor): Tensor | undefined {
    this.#gradInput[place] = grad;
    if (--this.#waiting > 0) return undefined;
    this.#waiting = this.#watched;
    const replaced = this.#call();
    return replaced?.[place] ?? undefined;
  }

  #call(): (Tensor | null)[] | undefined {
    let current = this.#gradInput;
    for (const hook of this.#hooks) {
      const result = hook(this.#module, current, this.#gradOutput);
      if (result === undefined || result === null) continue;
      const list = (result instanceof Tensor ? [result] : result) as (Tensor | null)[];
      if (list.length !== current.length)
        throw new ArgumentError(
          `a backward hook returned ${list.length} gradients, but the module has ${current.length} inputs`,
        );
      if (this.#watched > 1)
        throw new ArgumentError(
          'a backward hook can replace the gradient of a module with one differentiable input only; return nothing',
        );
      current = list;
    }
    return current === this.#gradInput ? undefined : current;
  }

  outputs(output: unknown): unknown {
    const list = output instanceof Tensor ? [output] : Array.isArray(output) ? output : [];
    const tensors = list.filter((value): value is Tensor => value instanceof Tensor);
    this.#gradOutput = tensors.map(() => null);
    tensors.forEach((tensor, place) => {
      if (!tensor.requiresGrad) return;
      tensor.registerHook((grad) => {
        this.#gradOutput[place] = grad;
        // Without differentiable inputs the gradients of the outputs are all there is.
        if (this.#watched === 0 && this.#gradOutput.every((value) => value !== null)) this.#call();
      });
    });
    return output;
  }
}
