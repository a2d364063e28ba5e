/** Finding and naming what a module holds. */
import { ArgumentError } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import type { Module } from './module.js';

/** Options of `namedParameters`, `namedBuffers`, `namedModules`. */
export interface NamedOptions {
  /** Put before every name. Default: `''`. */
  prefix?: string;
  /** Also of the modules inside. Default: true. */
  recurse?: boolean;
  /** Each object once, under its first name. Default: true. */
  removeDuplicate?: boolean;
}

/** The keys of {@link NamedOptions}. */
export const namedKeys = ['prefix', 'recurse', 'removeDuplicate'] as const;

/** Sets a property that no scan finds. */
export function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false });
}

/** Puts a value where a property is. */
export function setMember(module: object, name: string, value: unknown): void {
  (module as Record<string, unknown>)[name] = value;
}

/** @throws ArgumentError for a name that cannot be registered. */
export function checkName(module: Module, name: string, kind: string): void {
  if (typeof name !== 'string')
    throw new ArgumentError(`${kind} name should be a string, got ${typeof name}`);
  if (name === '') throw new ArgumentError(`${kind} name can't be empty string ""`);
  if (name.includes('.')) throw new ArgumentError(`${kind} name can't contain ".", got: '${name}'`);
  if (name in module && !Object.hasOwn(module, name))
    throw new ArgumentError(
      `attribute '${name}' already exists in ${module._getName()}; choose another name`,
    );
}

const join = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`);

/** A dotted name as the path of the module and the member's own name. */
export function splitTarget(target: string): [path: string, name: string] {
  if (typeof target !== 'string')
    throw new ArgumentError(`the name of a parameter or buffer must be a string, got ${typeof target}`);
  const at = target.lastIndexOf('.');
  return at < 0 ? ['', target] : [target.slice(0, at), target.slice(at + 1)];
}

/** The own buffers without what is only for the state dict. */
export const ownBufferEntries = (module: Module): [string, Tensor | null][] =>
  module._ownBuffers().map(([name, value]) => [name, value]);

/** Every module inside with its dotted name, depth first. Arrays: training walks this often. */
export function modulesOf(root: Module, prefix: string, removeDuplicate: boolean): [string, Module][] {
  const found: [string, Module][] = [];
  const seen = new Set<Module>();
  const visit = (module: Module, path: string): void => {
    if (removeDuplicate) {
      if (seen.has(module)) return;
      seen.add(module);
    }
    found.push([path, module]);
    for (const [name, child] of module._ownModules()) if (child) visit(child, join(path, name));
  };
  visit(root, prefix);
  return found;
}

/** What every module inside has of a kind, with dotted names. */
export function membersOf<T extends object>(
  root: Module,
  own: (module: Module) => [string, T | null][],
  options: NamedOptions,
): [string, T][] {
  const { prefix = '', recurse = true, removeDuplicate = true } = options;
  const found: [string, T][] = [];
  const seen = new Set<T>();
  const modules: [string, Module][] = recurse ? modulesOf(root, prefix, removeDuplicate) : [[prefix, root]];
  for (const [path, module] of modules) {
    for (const [name, value] of own(module)) {
      if (value === null || seen.has(value)) continue;
      if (removeDuplicate) seen.add(value);
      found.push([join(path, name), value]);
    }
  }
  return found;
}
