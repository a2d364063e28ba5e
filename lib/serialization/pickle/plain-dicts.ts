/**
 * Python dicts as JavaScript users expect them.
 *
 * While a pickle runs, every dict is a `Map`, as it may be referred to before its keys are known.
 * Afterwards the maps whose keys are all strings become plain objects without prototype.
 */

/** A plain object without prototype: what a Python dict with string keys becomes. */
export type PlainDict = Record<string, unknown>;

function toPlain(map: Map<unknown, unknown>): PlainDict | undefined {
  for (const key of map.keys()) if (typeof key !== 'string') return undefined;
  const plain: PlainDict = Object.create(null);
  for (const [key, value] of map) plain[key as string] = value;
  for (const symbol of Object.getOwnPropertySymbols(map)) {
    Object.defineProperty(plain, symbol, {
      ...Object.getOwnPropertyDescriptor(map, symbol),
      enumerable: false,
    });
  }
  return plain;
}

/**
 * Replaces, throughout arrays, maps and sets, every `Map` whose keys are all strings by a plain
 * object. Shared and cyclic values stay shared and cyclic. Other objects are left as they are.
 *
 * Own symbol properties that a handler put on a map (a state dict's metadata) move to the object,
 * and their values are converted likewise. Runs without recursion: depth is no matter.
 */
export function plainDicts(root: unknown): unknown {
  const done = new Map<object, unknown>();
  const open: object[] = [];

  function convert(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (!Array.isArray(value) && !(value instanceof Map) && !(value instanceof Set)) return value;
    let result = done.get(value);
    if (result === undefined) {
      result = (value instanceof Map && toPlain(value)) || value;
      done.set(value, result);
      open.push(result as object);
    }
    return result;
  }

  const result = convert(root);
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    for (const symbol of Object.getOwnPropertySymbols(container)) {
      const held = container as Record<symbol, unknown>;
      const converted = convert(held[symbol]);
      if (converted !== held[symbol]) Object.defineProperty(container, symbol, { value: converted });
    }
    if (Array.isArray(container)) {
      for (let i = 0; i < container.length; i++) container[i] = convert(container[i]);
    } else if (container instanceof Map) {
      for (const [key, value] of container) container.set(key, convert(value));
    } else if (!(container instanceof Set)) {
      // A Set holds hashable values only, so no dict.
      const plain = container as PlainDict;
      for (const key of Object.keys(plain)) plain[key] = convert(plain[key]);
    }
  }
  return result;
}
