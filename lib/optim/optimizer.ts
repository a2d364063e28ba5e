/** The base of all optimizers: groups, state, state dicts, hooks. */
import { enableGrad } from '../autograd/index.js';
import { ArgumentError, NotImplementedError, StateDictError, ValueError } from '../errors.js';
import { native } from '../native.js';
import { withMode } from '../ops/mode.js';
import { isOptions } from '../ops/unwrap.js';
import { type RemovableHandle, Tensor } from '../tensor/tensor.js';
import { pythonValue } from '../utils/python-text.js';
import {
  groupsOf,
  type ParamGroup,
  type ParamGroupOptions,
  type Params,
  tensorsOf,
  toCamel,
  toSnake,
} from './group.js';

/** What an optimizer remembers of a parameter, under PyTorch's names (`exp_avg`, `momentum_buffer`, …). */
export type ParamState = Record<string, unknown>;

/** An optimizer's state in PyTorch's structure and spelling, as `torch.save` writes it. */
export interface OptimizerStateDict {
  /** By the index of the parameter, counted through all groups. */
  state: Map<unknown, ParamState>;
  param_groups: Record<string, unknown>[];
}

type PreHook = (optimizer: Optimizer) => void;

/** Parameters of one device and dtype with their gradients: what one fused or foreach call takes. */
export interface Bucket {
  params: Tensor[];
  grads: Tensor[];
}

/**
 * Base class of optimizers. Subclasses give the defaults and update one group in {@link updateGroup}.
 *
 * `paramGroups` holds the options in camelCase; `stateDict()` spells them as Python does.
 * Source: torch.optim.Optimizer.
 */
export abstract class Optimizer<Options extends object = object> {
  readonly defaults: Readonly<Record<string, unknown>>;
  /** The groups with all their options; a changed option counts from the next step on. */
  paramGroups: ParamGroup<Options & Record<string, unknown>>[] = [];
  /** What is remembered of each parameter. */
  state: Map<Tensor, ParamState> = new Map();
  /** @internal Whether `step()` was ever called; schedulers warn by it. */
  stepCalled = false;
  private readonly preHooks = new Set<PreHook>();
  private readonly postHooks = new Set<PreHook>();

  /**
   * @param params Tensors, `[name, tensor]` pairs or groups `{ params, lr, … }`, in a fixed order.
   * @throws ValueError for an empty list or a non-leaf tensor; ArgumentError for anything else.
   */
  protected constructor(params: Params<Options>, defaults: Record<string, unknown>) {
    this.defaults = defaults;
    for (const group of groupsOf(params)) this.addParamGroup(group as ParamGroupOptions<Options>);
  }

  /** Updates the parameters of a group that have gradients. Gradients are off. */
  protected abstract updateGroup(group: ParamGroup<Options & Record<string, unknown>>, work: Bucket): void;

  /**
   * Takes one step along the gradients.
   *
   * @param closure Evaluates the model again and returns the loss, which `step` returns.
   * Source: Optimizer.step.
   */
  step(): undefined;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    this.stepCalled = true;
    for (const hook of this.preHooks) hook(this as unknown as Optimizer);
    const loss = closure === undefined ? undefined : enableGrad(closure);
    // What an optimizer remembers outlives the `torch.scope` that a step may be in.
    withMode({ grad: false, scope: null }, () => {
      for (const group of this.paramGroups) {
        const work = withGradients(group.params);
        if (work.params.length > 0) this.updateGroup(group, work);
      }
    });
    for (const hook of this.postHooks) hook(this as unknown as Optimizer);
    return loss;
  }

  /**
   * Forgets the gradients of all parameters.
   *
   * @param setToNone Drop them (default) or fill them with zeros. Source: Optimizer.zero_grad.
   */
  zeroGrad(setToNone: boolean | { setToNone?: boolean } = true): void {
    const drop = typeof setToNone === 'boolean' ? setToNone : (setToNone.setToNone ?? true);
    native.zeroGrads(
      this.paramGroups.flatMap((group) => group.params.map((p) => p.handle)),
      drop,
    );
  }

  /**
   * Adds a group, e.g. layers that are trained from now on.
   *
   * @throws ValueError for a parameter that another group has. Source: Optimizer.add_param_group.
   */
  addParamGroup(group: ParamGroupOptions<Options>): void {
    if (!isOptions(group))
      throw new ArgumentError(`a parameter group must be an object { params, … }, got ${typeof group}`);
    const differentiable =
      (group as Record<string, unknown>).differentiable ?? this.defaults.differentiable ?? false;
    const { params, names } = tensorsOf((group as { params?: unknown }).params, differentiable === true);
    // The group's own keys first, as Python orders them.
    const complete: Record<string, unknown> = { ...group, params };
    for (const [key, value] of Object.entries(this.defaults))
      if (complete[key] === undefined) complete[key] = value;
    if (names.length > 0) complete.paramNames = names;
    if (new Set(params).size < params.length)
      process.emitWarning('optimizer contains a parameter group with duplicate parameters');
    const known = new Set(this.paramGroups.flatMap((other) => other.params));
    if (params.some((p) => known.has(p)))
      throw new ValueError('some parameters appear in more than one parameter group');
    const { params: last, ...options } = complete;
    this.checkGroup(options);
    this.paramGroups.push({ params: last, ...options } as ParamGroup<Options & Record<string, unknown>>);
  }

  /** Refuses options that a step could not honour. */
  protected checkGroup(options: Record<string, unknown>): void {
    if (options.capturable === true || options.differentiable === true)
      throw new NotImplementedError(
        `${this.constructor.name}: ${options.capturable === true ? 'capturable' : 'differentiable'}=true is not supported; leave it out`,
      );
    if (options.fused === true && options.foreach === true)
      throw new ValueError('`fused` and `foreach` cannot be `true` together.');
  }

  /**
   * The state in PyTorch's structure, keys byte for byte. Tensors are the optimizer's own, not copies.
   * Source: Optimizer.state_dict.
   */
  stateDict(): OptimizerStateDict {
    const indices = new Map<Tensor, number>();
    const groups = this.paramGroups.map((group) => {
      const packed: Record<string, unknown> = Object.create(null);
      const { params, ...options } = group;
      for (const [key, value] of Object.entries(options)) packed[toSnake(key)] = value;
      for (const p of params) if (!indices.has(p)) indices.set(p, indices.size);
      packed.params = params.map((p) => indices.get(p));
      return packed;
    });
    const state = new Map<unknown, ParamState>();
    for (const [key, value] of this.state) state.set(indices.get(key) ?? key, value);
    return { state, param_groups: groups };
  }

  /**
   * Takes over a state dict, of this library or of Python.
   *
   * @throws StateDictError where groups or their sizes differ. Source: Optimizer.load_state_dict.
   */
  loadStateDict(stateDict: OptimizerStateDict | { state: object; param_groups: readonly object[] }): void {
    const saved = stateDict?.param_groups as Record<string, unknown>[] | undefined;
    if (!Array.isArray(saved) || typeof stateDict.state !== 'object' || stateDict.state === null)
      throw new StateDictError("an optimizer's state dict has the entries 'state' and 'param_groups'");
    if (saved.length !== this.paramGroups.length)
      throw new StateDictError(
        `loaded state dict has a different number of parameter groups (${saved.length}, this optimizer has ${this.paramGroups.length})`,
      );
    const byIndex = new Map<unknown, { param: Tensor; group: Record<string, unknown> }>();
    saved.forEach((group, i) => {
      const ids = [...((group.params ?? []) as Iterable<unknown>)];
      const own = this.paramGroups[i]!.params;
      if (ids.length !== own.length)
        throw new StateDictError(
          `loaded state dict contains a parameter group that doesn't match the size of optimizer's group (${ids.length} parameters, group ${i} has ${own.length})`,
        );
      ids.forEach((id, k) => {
        byIndex.set(Number(id), { param: own[k]!, group });
      });
    });
    const entries = stateDict.state instanceof Map ? [...stateDict.state] : Object.entries(stateDict.state);
    const state = new Map<Tensor, ParamState>();
    for (const [key, value] of entries) {
      const target = byIndex.get(Number(key));
      if (target) state.set(target.param, castState(target.param, value as ParamState, target.group));
      else state.set(key as Tensor, value as ParamState);
    }
    this.paramGroups = saved.map((group, i) => {
      const own = this.paramGroups[i]!;
      const taken: Record<string, unknown> = { params: own.params };
      if (own.paramNames) taken.paramNames = own.paramNames;
      for (const [key, value] of Object.entries(group))
        if (key !== 'params') taken[toCamel(key)] = Array.isArray(value) ? [...value] : value;
      // Files of earlier versions lack the options that came later.
      for (const [key, value] of Object.entries(this.defaults)) if (!(key in taken)) taken[key] = value;
      return taken as ParamGroup<Options & Record<string, unknown>>;
    });
    this.state = state;
  }

  /** Calls `hook(optimizer)` before each step. Source: Optimizer.register_step_pre_hook. */
  registerStepPreHook(hook: (optimizer: Optimizer) => void): RemovableHandle {
    this.preHooks.add(hook);
    return { remove: () => void this.preHooks.delete(hook) };
  }

  /** Calls `hook(optimizer)` after each step. Source: Optimizer.register_step_post_hook. */
  registerStepPostHook(hook: (optimizer: Optimizer) => void): RemovableHandle {
    this.postHooks.add(hook);
    return { remove: () => void this.postHooks.delete(hook) };
  }

  /** As Python prints it. */
  toString(): string {
    const groups = this.paramGroups.map(({ params: _, ...group }, i) => {
      const lines = Object.entries(group)
        .map(([key, value]) => [toSnake(key), pythonValue(value, true)] as const)
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return `\nParameter Group ${i}\n${lines.map(([key, value]) => `    ${key}: ${value}\n`).join('')}`;
    });
    return `${this.constructor.name} (${groups.join('')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The parameters that have a gradient. */
function withGradients(params: readonly Tensor[]): Bucket {
  const work: Bucket = { params: [], grads: [] };
  const grads = native.paramGrads(params.map((p) => p.handle));
  grads.forEach((grad, i) => {
    if (grad === null) return;
    work.params.push(params[i]!);
    work.grads.push(new Tensor(grad));
  });
  return work;
}

/** Saved state on the parameter's device and in its dtype; the step counter keeps its own. */
function castState(param: Tensor, value: unknown, group: Record<string, unknown>, key = ''): ParamState {
  if (value instanceof Tensor) {
    if (key === 'step')
      return (group.fused ? value.to(param.device, 'float32') : value) as unknown as ParamState;
    const floating = /^(float|bfloat)/.test(param.dtype);
    return value.to({ device: param.device, dtype: floating ? param.dtype : null }) as unknown as ParamState;
  }
  if (Array.isArray(value))
    return value.map((item) => castState(param, item, group)) as unknown as ParamState;
  if (!isOptions(value)) return value as ParamState;
  const cast: ParamState = {};
  for (const [name, item] of Object.entries(value)) cast[name] = castState(param, item, group, name);
  return cast;
}
