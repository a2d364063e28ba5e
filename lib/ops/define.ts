/** What generated code is made of: typed doors to operators. */
import { native } from '../native.js';
import { invoke, invokeFew, invokeWith, lazyPacket } from './invoke.js';
import { isOptions } from './unwrap.js';

type Untyped = (...args: unknown[]) => unknown;

function named<T extends Untyped>(name: string, fn: T): T {
  Object.defineProperty(fn, 'name', { value: name });
  return fn;
}

/** A function `torch.<name>` over every overload of an ATen operator. */
export function defineFunction(name: string, aten: string): unknown {
  const packet = lazyPacket(aten, { shown: name });
  return named(name, (first?: unknown, second?: unknown, third?: unknown, fourth?: unknown, ...more) =>
    more.length === 0
      ? invokeFew(packet(), first, second, third, fourth)
      : invoke(packet(), [first, second, third, fourth, ...more]),
  );
}

/** A method `tensor.<name>`; `this` is the schema's `self`. */
export function defineMethod(name: string, aten: string): unknown {
  const packet = lazyPacket(aten, { shown: name, method: true });
  return named(
    name,
    function (this: unknown, first?: unknown, second?: unknown, third?: unknown, ...more: unknown[]) {
      return more.length === 0
        ? invokeFew(packet(), this, first, second, third)
        : invoke(packet(), [this, first, second, third, ...more]);
    },
  );
}

/** A tensor factory: as a function, and with `{ requiresGrad }`. */
export function defineFactory(name: string, aten: string): unknown {
  const packet = lazyPacket(aten, { shown: name });
  return named(name, (...args) => {
    const last = args.length - 1;
    const options = last >= 0 ? args[last] : undefined;
    if (!isOptions(options) || !('requiresGrad' in options)) return invoke(packet(), args);
    const { requiresGrad, ...rest } = options;
    const made = invokeWith(packet(), args.slice(0, last), rest) as { handle: never };
    if (requiresGrad) native.setRequiresGrad(made.handle, true);
    return made;
  });
}

/** A method that makes a new tensor (`x.newZeros`): with `{ requiresGrad }`. */
export function defineMethodFactory(name: string, aten: string): unknown {
  const packet = lazyPacket(aten, { shown: name, method: true });
  return named(name, function (this: unknown, ...args: unknown[]) {
    const last = args.length - 1;
    const options = last >= 0 && isOptions(args[last]) ? (args.pop() as Record<string, unknown>) : undefined;
    if (!options || !('requiresGrad' in options)) return invokeWith(packet(), [this, ...args], options);
    const { requiresGrad, ...rest } = options;
    const made = invokeWith(packet(), [this, ...args], rest) as { handle: never };
    if (requiresGrad) native.setRequiresGrad(made.handle, true);
    return made;
  });
}
