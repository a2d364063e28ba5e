/** Arguments on their way down: tensors become handles, devices their names, complex numbers pairs. */
import { ArgumentError } from '../errors.js';
import { Device } from '../tensor/device.js';
import { HandleOwner } from '../tensor/handle-owner.js';
import type { Complex } from './types.js';

export function isComplex(value: object): value is Complex {
  return typeof (value as Complex).re === 'number' && typeof (value as Complex).im === 'number';
}

/** True for `{ … }` that can only be meant as options. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !isComplex(value);
}

function unwrapObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (value instanceof Device) return value.toString();
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (isComplex(value)) return Float64Array.of(value.re, value.im);
  throw new ArgumentError(
    `an operator takes Tensors, numbers, strings, booleans and arrays of them, got ${value.constructor?.name ?? 'an object'}`,
  );
}

/** The form of an argument that the native side takes. */
export function unwrap(value: unknown): unknown {
  if (value instanceof HandleOwner) return value.handle;
  if (typeof value === 'object' && value !== null) return unwrapObject(value);
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new ArgumentError(`an operator takes no ${typeof value}`);
  return value;
}
