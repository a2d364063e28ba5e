/** Module: what every layer and model is. */
import { ArgumentError, NotImplementedError, TorchIndexError } from '../errors.js';
import { isOptions } from '../ops/unwrap.js';
import { type DeviceLike, type DType, type RemovableHandle, Tensor } from '../tensor/index.js';
import { checkedOptions } from '../tensor/keywords.js';
import { convertModule, type ModuleToOptions, moduleTarget, moveModule } from './module-convert.js';
import { addHook, type HookOptions, type Hooks, runWithHooks } from './module-hooks.js';
import {
  checkName,
  hide,
  membersOf,
  modulesOf,
  type NamedOptions,
  namedKeys,
  ownBufferEntries,
  setMember,
  splitTarget,
} from './module-members.js';
import { printModule } from './module-print.js';
import { collectState, type IncompatibleKeys, loadState, type StateDict } from './module-state.js';
import { Parameter } from './parameter.js';

/** Options of `stateDict`. */
export interface StateDictOptions {
  /** Put before every key. Default: `''`. */
  prefix?: string;
  /** Values stay attached to autograd. Default: false. */
  keepVars?: boolean;
}

/** Options of `loadStateDict`. */
export interface LoadStateDictOptions {
  /** Keys must match exactly. Default: true. */
  strict?: boolean;
  /** The tensors of the state dict take the places of the module's, instead of being copied. Default: false. */
  assign?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a user's `forward` takes and gives what it likes
export interface Module<I extends any[] = any[], O = any> {
  /** Runs `forward`, with the hooks around it. */
  // biome-ignore lint/style/useShorthandFunctionType: it merges with the class
  (...args: I): O;
}

/**
 * Base of all layers and models.
 *
 * A module is a function: `model(x)` runs the hooks and `forward`. Parameters and modules register
 * themselves by assignment (`this.fc = new nn.Linear(2, 3)`, or a class field), buffers by
 * {@link Module.registerBuffer}. The order of registration is the order of `stateDict`.
 *
 * `I` and `O` type the arguments and the result of a call. Source: torch.nn.Module.
 */
// biome-ignore lint/suspicious/noExplicitAny: a user's `forward` takes and gives what it likes
export class Module<I extends any[] = any[], O = any> {
  /** Whether the module is in training mode. */
  declare training: boolean;
  /** @internal The registered buffers: whether each is part of the state dict. */
  declare readonly _buffers: Map<string, boolean>;
  /** @internal Names registered by method, by kind: with null they are Python's `None` entries. */
  declare readonly _slots: Map<string, 'parameter' | 'module'>;
  /** @internal The hooks; null while there are none, so that calls take the short way. */
  declare _hooks: Hooks | null;

  constructor() {
    const self = ((first: unknown, ...rest: unknown[]): unknown => {
      if (self._hooks !== null) return runWithHooks(self, self._hooks, [first, ...rest] as I);
      return rest.length === 0
        ? self.forward(...([first] as unknown as I))
        : self.forward(...([first, ...rest] as I));
    }) as unknown as this;
    Object.setPrototypeOf(self, new.target.prototype);
    // A function's own `name` and `length` would hide those of the class and of the user.
    const own = self as { name?: string; length?: number };
    delete own.name;
    delete own.length;
    self.training = true;
    hide(self, '_buffers', new Map());
    hide(self, '_slots', new Map());
    hide(self, '_hooks', null);
    // biome-ignore lint/correctness/noConstructorReturn: the module is the function
    return self;
  }

  /**
   * The computation; defined by every subclass, run by calling the module.
   *
   * @throws NotImplementedError where the subclass has none.
   */
  forward(..._args: I): O {
    throw new NotImplementedError(
      `Module [${this._getName()}] is missing the required "forward" function; define forward(…) in the class`,
    );
  }

  // ---- registration ----

  /**
   * Registers a tensor that is part of the state but not learned, reachable as `module[name]`.
   *
   * @param tensor null keeps the name without a tensor.
   * @param options.persistent Part of `stateDict`. Default: true.
   */
  registerBuffer(name: string, tensor: Tensor | null, options?: { persistent?: boolean } | boolean): void {
    const persistent =
      typeof options === 'boolean'
        ? options
        : (checkedOptions('registerBuffer', options, ['persistent']).persistent ?? true);
    if (tensor !== null && !(tensor instanceof Tensor))
      throw new ArgumentError(`registerBuffer('${name}') expects a Tensor or null, got ${typeof tensor}`);
    checkName(this, name, 'buffer');
    this._buffers.set(name, persistent);
    setMember(this, name, tensor);
  }

  /** Registers a parameter under a name; null keeps the name without one. */
  registerParameter(name: string, parameter: Parameter | null): void {
    checkName(this, name, 'parameter');
    if (parameter !== null && !(parameter instanceof Parameter))
      throw new ArgumentError(
        `registerParameter('${name}') expects a Parameter or null; make one by new nn.Parameter(tensor)`,
      );
    this._slots.set(name, 'parameter');
    setMember(this, name, parameter);
  }

  /** Registers a module under a name; null keeps the name without one. */
  registerModule(name: string, module: Module | null): void {
    checkName(this, name, 'module');
    if (module !== null && !(module instanceof Module))
      throw new ArgumentError(`registerModule('${name}') expects a Module or null`);
    this._slots.set(name, 'module');
    setMember(this, name, module);
  }

  /** The same as {@link Module.registerModule}. */
  addModule(name: string, module: Module | null): void {
    this.registerModule(name, module);
  }

  // ---- what is inside ----

  /** @internal The names of what this module itself holds, in order; containers of their own kind override it. */
  _keys(): string[] {
    return Object.keys(this);
  }

  /** @internal What is under a name of {@link Module._keys}. */
  _member(name: string): unknown {
    return (this as unknown as Record<string, unknown>)[name];
  }

  /** @internal Puts a tensor or module where {@link Module._member} finds it. */
  _setMember(name: string, value: Tensor | Module | null): void {
    setMember(this, name, value);
  }

  /** @internal The own parameters, null ones too. */
  _ownParameters(): [name: string, value: Parameter | null][] {
    const found: [string, Parameter | null][] = [];
    for (const name of this._keys()) {
      const value = this._member(name);
      if (value instanceof Parameter) {
        if (!this._buffers.has(name)) found.push([name, value]);
      } else if (value === null && this._slots.get(name) === 'parameter') found.push([name, null]);
    }
    return found;
  }

  /** @internal The own buffers, null ones too. */
  _ownBuffers(): [name: string, value: Tensor | null, persistent: boolean][] {
    const found: [string, Tensor | null, boolean][] = [];
    for (const [name, persistent] of this._buffers)
      if (Object.hasOwn(this, name))
        found.push([name, (this._member(name) as Tensor | null) ?? null, persistent]);
    return found;
  }

  /** @internal The own modules, null ones too. */
  _ownModules(): [name: string, value: Module | null][] {
    const found: [string, Module | null][] = [];
    for (const name of this._keys()) {
      const value = this._member(name);
      if (value instanceof Module) found.push([name, value]);
      else if (value === null && this._slots.get(name) === 'module') found.push([name, null]);
    }
    return found;
  }

  /** Every module inside, and this one as `''`, with its dotted name. Source: Module.named_modules. */
  namedModules(options?: Omit<NamedOptions, 'recurse'>): IterableIterator<[string, Module]> {
    const { prefix = '', removeDuplicate = true } = checkedOptions('namedModules', options, [
      'prefix',
      'removeDuplicate',
    ]);
    return modulesOf(this as Module, prefix, removeDuplicate).values();
  }

  /** Every module inside, this one first. Source: Module.modules. */
  *modules(): Generator<Module> {
    for (const [, module] of modulesOf(this as Module, '', true)) yield module;
  }

  /** The direct children with their names. Source: Module.named_children. */
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, child] of this._ownModules()) {
      if (!child || seen.has(child)) continue;
      seen.add(child);
      yield [name, child];
    }
  }

  /** The direct children. Source: Module.children. */
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  /** Every parameter with its dotted name, in the order of registration. Source: Module.named_parameters. */
  namedParameters(options?: NamedOptions): IterableIterator<[string, Parameter]> {
    const given = checkedOptions('namedParameters', options, namedKeys);
    return membersOf(this as Module, (module) => module._ownParameters(), given).values();
  }

  /** Every parameter: what an optimizer takes. Source: Module.parameters. */
  *parameters(recurse: boolean | { recurse?: boolean } = true): Generator<Parameter> {
    const options =
      typeof recurse === 'boolean' ? { recurse } : checkedOptions('parameters', recurse, ['recurse']);
    for (const [, parameter] of membersOf(this as Module, (module) => module._ownParameters(), options))
      yield parameter;
  }

  /** Every buffer with its dotted name. Source: Module.named_buffers. */
  namedBuffers(options?: NamedOptions): IterableIterator<[string, Tensor]> {
    return membersOf(
      this as Module,
      ownBufferEntries,
      checkedOptions('namedBuffers', options, namedKeys),
    ).values();
  }

  /** Every buffer. Source: Module.buffers. */
  *buffers(recurse: boolean | { recurse?: boolean } = true): Generator<Tensor> {
    const options =
      typeof recurse === 'boolean' ? { recurse } : checkedOptions('buffers', recurse, ['recurse']);
    for (const [, buffer] of this.namedBuffers(options)) yield buffer;
  }

  /**
   * The module of a dotted name: `model.getSubmodule('layer1.0.conv1')`; `''` is this one.
   *
   * @throws TorchIndexError where a part of the name is missing or no module.
   */
  getSubmodule(target: string): Module {
    if (typeof target !== 'string')
      throw new ArgumentError(`the name of a module must be a string, got ${typeof target}`);
    if (target === '') return this as Module;
    let here: Module = this as Module;
    for (const part of target.split('.')) {
      const next = new Map(here._ownModules()).get(part);
      if (!next) throw new TorchIndexError(`${here._getName()} has no module '${part}' (of '${target}')`);
      here = next;
    }
    return here;
  }

  /** The parameter of a dotted name. @throws TorchIndexError where there is none. */
  getParameter(target: string): Parameter {
    const [path, name] = splitTarget(target);
    const module = this.getSubmodule(path);
    const found = new Map(module._ownParameters()).get(name);
    if (!found) throw new TorchIndexError(`${module._getName()} has no parameter '${name}' (of '${target}')`);
    return found;
  }

  /** The buffer of a dotted name. @throws TorchIndexError where there is none. */
  getBuffer(target: string): Tensor {
    const [path, name] = splitTarget(target);
    const module = this.getSubmodule(path);
    const found = new Map(ownBufferEntries(module)).get(name);
    if (!found) throw new TorchIndexError(`${module._getName()} has no buffer '${name}' (of '${target}')`);
    return found;
  }

  // ---- state ----

  /**
   * Parameters and persistent buffers by their dotted names, PyTorch's keys in PyTorch's order. The
   * tensors share memory with the module. A plain object without prototype. Source: Module.state_dict.
   */
  stateDict(options?: StateDictOptions): StateDict {
    const { prefix = '', keepVars = false } = checkedOptions('stateDict', options, ['prefix', 'keepVars']);
    return collectState(this as Module, prefix, keepVars);
  }

  /**
   * Copies the tensors of a state dict into this module. Everything is checked before anything is
   * changed.
   *
   * @throws StateDictError for missing or unexpected keys (with `strict`) and shapes that differ.
   * Source: Module.load_state_dict.
   */
  loadStateDict(
    state: StateDict | Map<string, unknown> | Record<string, unknown>,
    options?: LoadStateDictOptions | boolean,
  ): IncompatibleKeys {
    const { strict = true, assign = false } =
      typeof options === 'boolean'
        ? { strict: options }
        : checkedOptions('loadStateDict', options, ['strict', 'assign']);
    return loadState(this as Module, state, strict, assign);
  }

  // ---- modes and conversions ----

  /** Sets training mode here and inside: dropout, batch norm. Source: Module.train. */
  train(given: boolean | { mode?: boolean } = true): this {
    const mode = isOptions(given) ? (checkedOptions('train', given, ['mode']).mode ?? true) : given;
    if (typeof mode !== 'boolean') throw new ArgumentError('training mode is expected to be boolean');
    this.training = mode;
    for (const [, child] of this._ownModules()) child?.train(mode);
    return this;
  }

  /** Sets evaluation mode here and inside. Source: Module.eval. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Moves or converts parameters and buffers in place: `to('cuda:0')`, `to(torch.float64)`,
   * `to(tensor)`, `to({ device, dtype, nonBlocking, memoryFormat })`. A dtype applies to floating
   * point and complex values only, a memory format to those of 4 and 5 dimensions.
   *
   * @throws DTypeError for a dtype that is neither floating point nor complex. Source: Module.to.
   */
  to(options: ModuleToOptions): this;
  to(target: DeviceLike | DType | Tensor | null, options?: ModuleToOptions): this;
  to(device: DeviceLike | null, dtype: DType | null, options?: ModuleToOptions): this;
  to(...args: unknown[]): this {
    moveModule(this as Module, moduleTarget(args));
    return this;
  }

  /** Source: Module.cpu. */
  cpu(): this {
    return this.to('cpu');
  }

  /** @param index Default: the current device. Source: Module.cuda. */
  cuda(index?: number): this {
    return this.to(index === undefined ? 'cuda' : index);
  }

  /** Floating point values become float32. Source: Module.float. */
  float(): this {
    return this.to('float32');
  }

  /** Floating point values become float64. Source: Module.double. */
  double(): this {
    return this.to('float64');
  }

  /** Floating point values become float16. Source: Module.half. */
  half(): this {
    return this.to('float16');
  }

  /** Floating point values become bfloat16. Source: Module.bfloat16. */
  bfloat16(): this {
    return this.to('bfloat16');
  }

  /** Every parameter and buffer becomes `dtype`, integers too. Source: Module.type. */
  type(dtype: DType): this {
    convertModule(this as Module, (tensor) => tensor.to(dtype));
    return this;
  }

  /** Calls `fn` for every module inside, children first, this one last. Source: Module.apply. */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== 'function') throw new ArgumentError(`apply() expects a function, got ${typeof fn}`);
    for (const child of this.children()) child.apply(fn);
    fn(this as Module);
    return this;
  }

  /** Sets whether the parameters are learned. Source: Module.requires_grad_. */
  requiresGrad_(given: boolean | { requiresGrad?: boolean } = true): this {
    const requiresGrad =
      typeof given === 'boolean'
        ? given
        : (checkedOptions('requiresGrad_', given, ['requiresGrad']).requiresGrad ?? true);
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /**
   * Clears the gradients of all parameters.
   *
   * @param options.setToNone false fills them with zeros instead. Default: true. Source: Module.zero_grad.
   */
  zeroGrad(options?: { setToNone?: boolean } | boolean): void {
    const setToNone =
      typeof options === 'boolean'
        ? options
        : (checkedOptions('zeroGrad', options, ['setToNone']).setToNone ?? true);
    for (const parameter of this.parameters()) {
      if (setToNone) parameter.grad = null;
      else if (parameter.grad) parameter.grad = parameter.grad.detach().zero_();
    }
  }

  // ---- hooks ----

  /**
   * Calls `hook(module, args)` before `forward`; what it returns (one value, or an array of
   * arguments) replaces the arguments. Source: Module.register_forward_pre_hook.
   */
  registerForwardPreHook(hook: (module: this, args: I) => unknown, options?: HookOptions): RemovableHandle {
    return addHook(this, 'forwardPre', hook as never, options);
  }

  /**
   * Calls `hook(module, args, output)` after `forward`; a returned value replaces the output.
   * Source: Module.register_forward_hook.
   */
  registerForwardHook(
    hook: (module: this, args: I, output: O) => unknown,
    options?: HookOptions,
  ): RemovableHandle {
    return addHook(this, 'forward', hook as never, options);
  }

  /**
   * Calls `hook(module, gradInput, gradOutput)` when the gradients with respect to the inputs were
   * computed; returned gradients replace `gradInput`. Source: Module.register_full_backward_hook.
   */
  registerFullBackwardHook(
    hook: (module: this, gradInput: (Tensor | null)[], gradOutput: (Tensor | null)[]) => unknown,
    options?: HookOptions,
  ): RemovableHandle {
    return addHook(this, 'backward', hook as never, options);
  }

  // ---- printing ----

  /** What stands between the brackets when the module is printed. */
  extraRepr(): string {
    return '';
  }

  /** @internal The name in print and messages: that of the class. */
  _getName(): string {
    return this.constructor.name;
  }

  /** As PyTorch prints it. */
  toString(): string {
    return printModule(this as Module);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
