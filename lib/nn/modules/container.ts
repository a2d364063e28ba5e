/** Modules that hold modules: `Sequential`, `ModuleList`, `ModuleDict`. */
import { ArgumentError, TorchIndexError, ValueError } from '../../errors.js';
import { isOptions } from '../../ops/unwrap.js';
import type { Tensor } from '../../tensor/index.js';
import { iterableOf } from '../../tensor/keywords.js';
import { Module } from '../module.js';
import { enclose } from '../module-print.js';
import { indentRest } from '../python-text.js';

/** Modules by name: an object or a Map, in order. */
export type NamedModules = Record<string, Module> | ReadonlyMap<string, Module>;

const entriesOf = (named: NamedModules): Iterable<[string, Module]> =>
  named instanceof Map ? named : Object.entries(named);

function placeOf(index: number, length: number): number {
  if (!Number.isInteger(index) || index < -length || index >= length)
    throw new TorchIndexError(`index ${index} is out of range (there are ${length} modules)`);
  return index < 0 ? index + length : index;
}

/** What `Sequential` and `ModuleList` share: children in order, under numbers or names. */
// biome-ignore lint/suspicious/noExplicitAny: a chain takes what its first module takes
export abstract class OrderedModules<I extends any[] = any[], O = any> extends Module<I, O> {
  [index: number]: Module;

  /** How many modules there are. */
  override get length(): number {
    return this._names().length;
  }

  /** @internal The names of the children, in order. */
  _names(): string[] {
    return this._keys().filter((name) => this._member(name) instanceof Module);
  }

  /** @internal */
  _list(): Module[] {
    const list: Module[] = [];
    for (const name of this._keys()) {
      const value = this._member(name);
      if (value instanceof Module) list.push(value);
    }
    return list;
  }

  /** The module at a place; negative from the end. @throws TorchIndexError out of range. */
  at(index: number): Module {
    const list = this._list();
    return list[placeOf(index, list.length)]!;
  }

  /** Replaces the module at a place (Python's `modules[i] = module`). */
  set(index: number, module: Module): void {
    const names = this._names();
    this._setMember(names[placeOf(index, names.length)]!, module);
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.addModule(String(this.length), module);
    return this;
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<Module>): this {
    for (const module of [...iterableOf('a list of modules', modules)]) this.append(module);
    return this;
  }

  /** Puts a module before the place; those behind move on. */
  insert(index: number, module: Module): this {
    if (!(module instanceof Module)) throw new ArgumentError('insert() expects a Module');
    const list = this._list();
    const at = index === list.length ? index : placeOf(index, list.length);
    list.splice(at, 0, module);
    this.#renumber(list);
    return this;
  }

  /** Takes the module at a place out and gives it; those behind move up. */
  pop(index = -1): Module {
    const list = this._list();
    const [module] = list.splice(placeOf(index, list.length), 1);
    this.#renumber(list);
    return module!;
  }

  #renumber(list: readonly Module[]): void {
    for (const name of this._names()) delete (this as unknown as Record<string, unknown>)[name];
    list.forEach((module, i) => {
      this._setMember(String(i), module);
    });
  }

  [Symbol.iterator](): IterableIterator<Module> {
    return this._list()[Symbol.iterator]();
  }
}

/**
 * Modules run one after another, each on the result of the one before.
 *
 * `new nn.Sequential(a, b)` numbers them, `new nn.Sequential({ conv: a, relu: b })` (or a Map) names
 * them. Source: torch.nn.Sequential.
 */
// biome-ignore lint/suspicious/noExplicitAny: a chain takes what its first module takes
export class Sequential<I extends any[] = any[], O = any> extends OrderedModules<I, O> {
  constructor(...modules: Module[] | [NamedModules]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && (first instanceof Map || isOptions(first))) {
      for (const [name, module] of entriesOf(first as NamedModules)) this.addModule(name, module);
    } else {
      (modules as Module[]).forEach((module, i) => {
        this.addModule(String(i), module);
      });
    }
  }

  override forward(...args: I): O {
    const list = this._list();
    if (list.length === 0) return args[0] as O;
    let value: unknown = list[0]!(...args);
    for (let i = 1; i < list.length; i++) value = list[i]!(value);
    return value as O;
  }

  /** A new `Sequential` of a part, under the same names; from `start`, without `end`. */
  slice(start?: number, end?: number): Sequential {
    const children = this._ownModules().slice(start, end);
    return new Sequential(new Map(children as [string, Module][]));
  }
}

/**
 * A list of modules that are registered: `modules.at(0)`, `modules[0]`, `for (const m of modules)`.
 * Source: torch.nn.ModuleList.
 */
export class ModuleList extends OrderedModules {
  constructor(modules: Iterable<Module> | null = null) {
    super();
    if (modules) this.extend(modules);
  }

  /** A new list of a part; from `start`, without `end`. */
  slice(start?: number, end?: number): ModuleList {
    return new ModuleList(this._list().slice(start, end));
  }

  /** Runs of equal modules are printed once, with their count. */
  override toString(): string {
    const runs: { text: string; first: number; last: number }[] = [];
    this._list().forEach((module, i) => {
      const text = module.toString();
      const run = runs.at(-1);
      if (run?.text === text) run.last = i;
      else runs.push({ text, first: i, last: i });
    });
    const lines = runs.map(({ text, first, last }) =>
      indentRest(
        first === last ? `(${first}): ${text}` : `(${first}-${last}): ${last - first + 1} x ${text}`,
      ),
    );
    return enclose(this._getName(), [], lines);
  }
}

/** Modules by name, registered, in order of insertion. Source: torch.nn.ModuleDict. */
export class ModuleDict extends Module {
  /** @internal Beside the own properties, so that any name and any order can be. */
  readonly _modules = new Map<string, Module>();

  constructor(modules: NamedModules | Iterable<[string, Module]> | null = null) {
    super();
    if (modules) this.update(modules);
  }

  /** @internal */
  override _keys(): string[] {
    return [...Object.keys(this), ...this._modules.keys()];
  }

  /** @internal */
  override _member(name: string): unknown {
    return this._modules.get(name) ?? super._member(name);
  }

  /** @internal */
  override _setMember(name: string, value: Tensor | Module | null): void {
    if (value instanceof Module && !Object.hasOwn(this, name)) this._modules.set(name, value);
    else super._setMember(name, value);
  }

  override addModule(name: string, module: Module | null): void {
    if (!(module instanceof Module)) throw new ArgumentError(`ModuleDict: '${name}' is no Module`);
    if (name === '' || name.includes('.'))
      throw new ArgumentError(`ModuleDict: a name can't be empty or contain ".", got '${name}'`);
    this._modules.set(name, module);
  }

  override registerModule(name: string, module: Module | null): void {
    this.addModule(name, module);
  }

  /** How many modules there are. */
  override get length(): number {
    return this._modules.size;
  }

  /** The module of a name. @throws TorchIndexError where there is none. */
  get(name: string): Module {
    const found = this._modules.get(name);
    if (!found)
      throw new TorchIndexError(
        `ModuleDict has no module '${name}'; it has ${[...this._modules.keys()].join(', ')}`,
      );
    return found;
  }

  set(name: string, module: Module): this {
    this.addModule(name, module);
    return this;
  }

  has(name: string): boolean {
    return this._modules.has(name);
  }

  delete(name: string): boolean {
    return this._modules.delete(name);
  }

  clear(): void {
    this._modules.clear();
  }

  /** Takes the module of a name out and gives it. */
  pop(name: string): Module {
    const module = this.get(name);
    this._modules.delete(name);
    return module;
  }

  /** Adds or replaces modules. */
  update(modules: NamedModules | ModuleDict | Iterable<[string, Module]>): void {
    if ((typeof modules !== 'object' && typeof modules !== 'function') || modules === null)
      throw new ArgumentError(
        `ModuleDict expects modules by name, got ${modules === null ? 'null' : typeof modules}`,
      );
    const list =
      modules instanceof ModuleDict
        ? modules.entries()
        : Symbol.iterator in modules
          ? (modules as Iterable<[string, Module]>)
          : Object.entries(modules as Record<string, Module>);
    for (const entry of list) {
      if (!Array.isArray(entry) || entry.length !== 2)
        throw new ValueError('ModuleDict.update() expects pairs of a name and a module');
      this.addModule(entry[0], entry[1]);
    }
  }

  keys(): IterableIterator<string> {
    return this._modules.keys();
  }
  values(): IterableIterator<Module> {
    return this._modules.values();
  }
  entries(): IterableIterator<[string, Module]> {
    return this._modules.entries();
  }
  /** The same as `entries()`; Python's name. */
  items(): IterableIterator<[string, Module]> {
    return this._modules.entries();
  }
  [Symbol.iterator](): IterableIterator<string> {
    return this._modules.keys();
  }
}
