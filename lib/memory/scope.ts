/** Scopes: an optional way to give memory back at a known place (docs/memory.md). */
import { ArgumentError } from '../errors.js';
import { native } from '../native.js';
import { currentMode, withMode } from '../ops/mode.js';
import { Tensor } from '../tensor/tensor.js';

/** Every tensor that a returned value holds, by walking arrays and plain objects. */
function collect(value: unknown, kept: Set<object>, depth = 0): void {
  if (typeof value !== 'object' && typeof value !== 'function') return;
  if (value === null || kept.has(value) || depth > 16) return;
  if (value instanceof Tensor) {
    kept.add(value);
    return;
  }
  kept.add(value);
  for (const item of value instanceof Map || value instanceof Set ? value.values() : Object.values(value))
    collect(item, kept, depth + 1);
}

/**
 * Runs `callback` and disposes every tensor that was made inside, but for those that it returns (also
 * in arrays and objects) and parameters that were stored in a module meanwhile stay if returned.
 * The callback may be async. Nested scopes hand what they return to the outer one.
 */
export function scope<T>(callback: () => T): T {
  if (typeof callback !== 'function')
    throw new ArgumentError(`scope() expects a function, got ${typeof callback}`);
  const made: Tensor[] = [];
  const outer = currentMode().scope;
  const end = (result: unknown): void => {
    const kept = new Set<object>();
    collect(result, kept);
    for (const tensor of made) {
      if (kept.has(tensor)) outer?.(tensor);
      else native.dispose(tensor.handle);
    }
  };
  let result: T;
  try {
    result = withMode({ scope: (tensor) => void made.push(tensor as Tensor) }, callback);
  } catch (error) {
    end(undefined);
    throw error;
  }
  if (result instanceof Promise) {
    return result.then(
      (value) => {
        end(value);
        return value;
      },
      (error) => {
        end(undefined);
        throw error;
      },
    ) as T;
  }
  end(result);
  return result;
}

/** Tensors that JavaScript holds in this thread, and the bytes behind them. */
export function memoryStats(): { tensors: number; bytes: number } {
  return native.memoryStats();
}
