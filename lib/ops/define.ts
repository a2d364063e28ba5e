/** What generated code is made of: typed doors to operators. */
import { invoke, invokeFew, lazyPacket } from './invoke.js';

type Untyped = (...args: unknown[]) => unknown;

function named<T extends Untyped>(name: string, fn: T): T {
  Object.defineProperty(fn, 'name', { value: name });
  return fn;
}

/** The usual calls take four operands at most; they are spared the array of them. */
function doorTo(name: string, packet: () => number): unknown {
  return named(name, (first?: unknown, second?: unknown, third?: unknown, fourth?: unknown, ...more) =>
    more.length === 0
      ? invokeFew(packet(), first, second, third, fourth)
      : invoke(packet(), [first, second, third, fourth, ...more]),
  );
}

/** The same where `this` is the schema's `self`. */
function methodDoorTo(name: string, packet: () => number): unknown {
  return named(
    name,
    function (this: unknown, first?: unknown, second?: unknown, third?: unknown, ...more: unknown[]) {
      return more.length === 0
        ? invokeFew(packet(), this, first, second, third)
        : invoke(packet(), [this, first, second, third, ...more]);
    },
  );
}

/** A function `torch.<name>` over every overload of an ATen operator. */
export function defineFunction(name: string, aten: string): unknown {
  return doorTo(name, lazyPacket(aten, { shown: name }));
}

/** A method `tensor.<name>`; `this` is the schema's `self`. */
export function defineMethod(name: string, aten: string): unknown {
  return methodDoorTo(name, lazyPacket(aten, { shown: name, method: true }));
}

/** A tensor factory: as a function, and with `{ requiresGrad }`. */
export function defineFactory(name: string, aten: string): unknown {
  return doorTo(name, lazyPacket(aten, { shown: name, factory: true }));
}

/** A method that makes a new tensor (`x.newZeros`): with `{ requiresGrad }`. */
export function defineMethodFactory(name: string, aten: string): unknown {
  return methodDoorTo(name, lazyPacket(aten, { shown: name, method: true, factory: true }));
}
