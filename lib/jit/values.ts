/** Values on their way into TorchScript and back. */
import type { Handle } from '../bindings.js';
import { namedTuple } from '../ops/named-tuple.js';
import { isOptions } from '../ops/unwrap.js';
import { Tensor } from '../tensor/index.js';

/** Tensors become handles, in arrays and plain objects too; everything else stays as it is. */
export function toNative(value: unknown): unknown {
  if (value instanceof Tensor) return value.handle;
  if (Array.isArray(value)) return value.map(toNative);
  if (value instanceof Map) return toNative(Object.fromEntries(value));
  if (isOptions(value))
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toNative(entry)]));
  return value;
}

function toDict(flat: readonly unknown[]): Record<string, unknown> | Map<unknown, unknown> {
  const entries: [unknown, unknown][] = [];
  for (let i = 0; i < flat.length; i += 2) entries.push([fromNative(flat[i]), fromNative(flat[i + 1])]);
  if (!entries.every(([key]) => typeof key === 'string')) return new Map(entries);
  const dict = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) dict[key as string] = value;
  return dict;
}

/** The JavaScript form of what the native side gives (native/jit/values.h). */
export function fromNative(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return new Tensor(value as Handle);
  const [kind, ...items] = value as [string | string[], ...unknown[]];
  if (kind === 'complex') return { re: items[0], im: items[1] };
  if (kind === 'dict') return toDict(items);
  const values = items.map(fromNative);
  return Array.isArray(kind) ? namedTuple(kind, values) : values;
}
