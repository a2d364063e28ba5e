/** Values on their way into TorchScript; those that come back are read as any operator's (`fromNative`). */
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
