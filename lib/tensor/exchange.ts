/** Values between JavaScript and tensors. Data are always copied. */
import type { DType, Handle } from '../bindings.js';
import { ArgumentError, DTypeError, ShapeError, ValueError } from '../errors.js';
import { native } from '../native.js';
import type { Complex } from '../ops/types.js';

/** The arrays that tensors exchange data with. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** One element as a JavaScript value. */
export type TensorElement = number | bigint | boolean | Complex;

interface Typed {
  readonly handle: Handle;
  readonly dtype: DType;
}

/** Which array class holds the elements of a dtype. */
export function arrayClassOf(dtype: DType): new (buffer: ArrayBuffer) => TypedArray {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return Float32Array;
    case 'float64':
    case 'complex128':
      return Float64Array;
    case 'int64':
      return BigInt64Array;
    case 'uint64':
      return BigUint64Array;
    case 'int32':
      return Int32Array;
    case 'uint32':
      return Uint32Array;
    case 'int16':
      return Int16Array;
    case 'uint16':
    case 'float16':
    case 'bfloat16':
    case 'complex32':
      return Uint16Array;
    case 'int8':
      return Int8Array;
    case 'uint8':
    case 'bool':
    case 'float8_e4m3fn':
    case 'float8_e5m2':
    case 'float8_e4m3fnuz':
    case 'float8_e5m2fnuz':
      return Uint8Array;
    default:
      throw new DTypeError(
        `a tensor of dtype ${dtype} has no typed array; convert it first, e.g. x.to('float32')`,
      );
  }
}

/** The dtype that a typed array fixes. */
export function dtypeOfArray(array: ArrayBufferView): DType {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof BigInt64Array) return 'int64';
  if (array instanceof BigUint64Array) return 'uint64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Uint32Array) return 'uint32';
  if (array instanceof Int16Array) return 'int16';
  if (array instanceof Uint16Array) return 'uint16';
  if (array instanceof Int8Array) return 'int8';
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return 'uint8';
  if (array.constructor.name === 'Float16Array') return 'float16';
  throw new DTypeError(`a ${array.constructor.name} has no dtype; expected a typed array of numbers`);
}

/** The elements in the array of the dtype (raw bits for 16-bit floats). */
export function rawTypedArray(handle: Handle): TypedArray {
  const ArrayClass = arrayClassOf(native.dtype(handle));
  return new ArrayClass(native.toBytes(handle));
}

/** Float16 and bfloat16 bits, and the 8-bit floats, are widened by LibTorch. */
const widened = new Set<DType>([
  'float16',
  'bfloat16',
  'float8_e4m3fn',
  'float8_e5m2',
  'float8_e4m3fnuz',
  'float8_e5m2fnuz',
]);

/** All elements, row-major, as JavaScript values. */
export function elementsOf(tensor: Typed & { to(dtype: DType): Typed }, bigints: boolean): TensorElement[] {
  const { dtype } = tensor;
  if (widened.has(dtype)) return Array.from(rawTypedArray(tensor.to('float32').handle) as Float32Array);
  if (dtype === 'complex32') return elementsOf(tensor.to('complex64') as never, bigints);
  const raw = rawTypedArray(tensor.handle);
  if (dtype === 'bool') return Array.from(raw as Uint8Array, (v) => v !== 0);
  if (raw instanceof BigInt64Array || raw instanceof BigUint64Array) {
    if (bigints) return Array.from(raw as BigInt64Array);
    const numbers = new Array<number>(raw.length);
    for (let i = 0; i < raw.length; i++) {
      const exact = Number(raw[i]);
      if (!Number.isSafeInteger(exact) && BigInt(exact) !== raw[i])
        throw new ValueError(
          `element ${i} is ${raw[i]}, beyond 2^53: no JavaScript number holds it exactly; use { bigint: true } or toTypedArray()`,
        );
      numbers[i] = exact;
    }
    return numbers;
  }
  if (dtype === 'complex64' || dtype === 'complex128') {
    const parts = raw as Float64Array;
    return Array.from({ length: parts.length / 2 }, (_, i) => ({ re: parts[2 * i]!, im: parts[2 * i + 1]! }));
  }
  const plain = Array.from(raw as Float32Array);
  return bigints && /^u?int/.test(dtype) ? plain.map((v) => BigInt(v)) : plain;
}

/** Flat elements as nested arrays of a shape. */
export function nest(elements: TensorElement[], shape: readonly number[]): unknown {
  if (shape.length === 0) return elements[0];
  let at = 0;
  const level = (d: number): unknown[] => {
    const row = new Array<unknown>(shape[d]!);
    for (let i = 0; i < row.length; i++) row[i] = d === shape.length - 1 ? elements[at++] : level(d + 1);
    return row;
  };
  return level(0);
}

export interface FlatData {
  shape: number[];
  values: TensorElement[];
}

/** Nested arrays as flat elements and a shape. @throws ShapeError where rows differ in length. */
export function flattenNested(data: unknown): FlatData {
  const shape: number[] = [];
  for (let probe = data; Array.isArray(probe); probe = probe[0]) {
    shape.push(probe.length);
    if (probe.length === 0) break;
    if (shape.length > 64) throw new ShapeError('nested arrays deeper than 64 levels make no tensor');
  }
  const values: TensorElement[] = [];
  const walk = (node: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (Array.isArray(node))
        throw new ShapeError(
          `expected a value at dimension ${depth}, got an array: all rows must have the same depth`,
        );
      values.push(elementAt(node));
      return;
    }
    if (!Array.isArray(node))
      throw new ShapeError(
        `expected an array of length ${shape[depth]} at dimension ${depth}, got ${describe(node)}`,
      );
    if (node.length !== shape[depth])
      throw new ShapeError(
        `expected a sequence of length ${shape[depth]} at dimension ${depth} (got ${node.length}): all rows must have the same length`,
      );
    for (const item of node) walk(item, depth + 1);
  };
  walk(data, 0);
  return { shape, values };
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function elementAt(value: unknown): TensorElement {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  if (typeof value === 'object' && value !== null && 're' in value && 'im' in value) return value as Complex;
  throw new ArgumentError(
    `a tensor is made of numbers, bigints, booleans or complex numbers ({ re, im }), got ${describe(value)}`,
  );
}

/** Elements as bytes of a dtype that holds them exactly enough for one rounding afterwards. */
export function packElements(values: readonly TensorElement[]): {
  bytes: ArrayBufferView;
  source: DType;
  kind: 'float' | 'int' | 'bool' | 'complex';
} {
  let complex = false;
  let float = false;
  let int = false;
  for (const value of values) {
    if (typeof value === 'object') complex = true;
    else if (typeof value === 'number') float = true;
    else if (typeof value === 'bigint') int = true;
  }
  if (complex) {
    const parts = new Float64Array(values.length * 2);
    values.forEach((value, i) => {
      parts[2 * i] = typeof value === 'object' ? value.re : Number(value);
      parts[2 * i + 1] = typeof value === 'object' ? value.im : 0;
    });
    return { bytes: parts, source: 'complex128', kind: 'complex' };
  }
  if (float || values.length === 0)
    return { bytes: Float64Array.from(values as number[], Number), source: 'float64', kind: 'float' };
  if (int) {
    const whole = new BigInt64Array(values.length);
    values.forEach((value, i) => {
      const big = BigInt(value as bigint | boolean);
      if (BigInt.asIntN(64, big) !== big) throw new ValueError(`${big} does not fit int64`);
      whole[i] = big;
    });
    return { bytes: whole, source: 'int64', kind: 'int' };
  }
  return { bytes: Uint8Array.from(values as boolean[], Number), source: 'bool', kind: 'bool' };
}
