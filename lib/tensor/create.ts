/** Tensors from JavaScript values: `tensor`, `fromTypedArray`, `fromBuffer`. */
import type { DType } from '../bindings.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { native } from '../native.js';
import type { Complex } from '../ops/types.js';
import { isOptions } from '../ops/unwrap.js';
import { type DeviceLike, device } from './device.js';
import { dtypeBytes, getDefaultDtype } from './dtype.js';
import { dtypeOfArray, flattenNested, packElements, type TypedArray } from './exchange.js';
import { checkedOptions } from './keywords.js';
import { Tensor } from './tensor.js';

/** Nested arrays of numbers, bigints, booleans or complex numbers. */
export type TensorData = number | bigint | boolean | Complex | readonly TensorData[];

export interface CreateOptions {
  /** Default: what the values say (see `tensor`). */
  dtype?: DType | null;
  /** Default: the CPU. */
  device?: DeviceLike | null;
  /** Default: false. */
  requiresGrad?: boolean;
  /** In page-locked memory. Default: false. */
  pinMemory?: boolean;
}

const createKeys = ['dtype', 'device', 'requiresGrad', 'pinMemory'] as const;

function finish(tensor: Tensor, options: CreateOptions): Tensor {
  let made = tensor;
  if (options.device != null) made = made.to(device(options.device));
  if (options.pinMemory) made = made.pinMemory();
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}

function fromView(view: ArrayBufferView, source: DType, shape: readonly number[], dtype: DType): Tensor {
  return new Tensor(native.fromBytes(view, source, shape, dtype, null));
}

/**
 * Makes a tensor; the data are copied.
 *
 * A JavaScript number is a float of the default dtype, a bigint int64, a boolean bool, never by the
 * value; a typed array fixes the dtype (`Float32Array` → float32, `BigInt64Array` → int64).
 *
 * @throws ShapeError for rows of different lengths. Source: torch.tensor.
 */
export function tensor(data: TensorData | TypedArray | Tensor, options?: CreateOptions): Tensor;
export function tensor(options: CreateOptions & { data: TensorData | TypedArray | Tensor }): Tensor;
export function tensor(first: unknown, given?: CreateOptions): Tensor {
  const { data, options } = dataAndOptions('tensor', first, given);
  return make(data, options);
}

/** `f(data, options)` and `f({ data, … })`. */
function dataAndOptions(
  name: string,
  first: unknown,
  given: CreateOptions | undefined,
): { data: TensorData | TypedArray | Tensor; options: CreateOptions } {
  const allByKey = given === undefined && isOptions(first) && 'data' in first;
  const { data = first, ...options } = allByKey ? first : { ...checkedOptions(name, given, createKeys) };
  return { data: data as TensorData, options: checkedOptions<CreateOptions>(name, options, createKeys) };
}

function make(data: TensorData | TypedArray | Tensor, options: CreateOptions): Tensor {
  if (data instanceof Tensor) {
    const copy = data.detach().to({ dtype: options.dtype ?? data.dtype, copy: true });
    return finish(copy, { ...options, device: options.device ?? null });
  }
  if (ArrayBuffer.isView(data)) return ofTypedArray('tensor', data as TypedArray, undefined, options);
  const { shape, values } = flattenTensors(data);
  const { bytes, source, kind } = packElements(values);
  let dtype = options.dtype ?? null;
  if (dtype === null) {
    if (kind === 'float') dtype = getDefaultDtype();
    else if (kind === 'complex') dtype = getDefaultDtype() === 'float64' ? 'complex128' : 'complex64';
    else dtype = source;
  }
  if (kind === 'complex' && !dtype.startsWith('complex'))
    throw new DTypeError(`complex values do not fit dtype ${dtype}; use a complex dtype`);
  dtypeBytes(dtype);
  return finish(fromView(bytes, source, shape, dtype), options);
}

/** Nested arrays may hold tensors of one element, as Python's lists may. */
function flattenTensors(data: unknown): ReturnType<typeof flattenNested> {
  const plain = (node: unknown): unknown => {
    if (node instanceof Tensor) return node.tolist();
    if (ArrayBuffer.isView(node)) return Array.from(node as unknown as ArrayLike<number>);
    return Array.isArray(node) ? node.map(plain) : node;
  };
  return flattenNested(plain(data));
}

/**
 * Makes a tensor of a typed array's elements, copied. A `Uint16Array` with `dtype: 'bfloat16'` or
 * `'float16'` is taken as raw bits.
 *
 * @param shape Default: one dimension. @throws ShapeError where it does not fit the length.
 */
export function fromTypedArray(
  array: TypedArray,
  shape?: readonly number[] | null,
  options?: CreateOptions,
): Tensor;
export function fromTypedArray(
  array: TypedArray,
  options: CreateOptions & { shape?: readonly number[] | null },
): Tensor;
export function fromTypedArray(
  array: TypedArray,
  second?: readonly number[] | null | (CreateOptions & { shape?: readonly number[] | null }),
  third?: CreateOptions,
): Tensor {
  if (!isOptions(second)) {
    const shape = second as readonly number[] | null | undefined;
    return ofTypedArray('fromTypedArray', array, shape, checkedOptions('fromTypedArray', third, createKeys));
  }
  const { shape, ...options } = checkedOptions('fromTypedArray', second, ['shape', ...createKeys]);
  return ofTypedArray('fromTypedArray', array, shape as readonly number[] | null | undefined, options);
}

function checkShape(name: string, shape: readonly number[]): void {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new ShapeError(`${name}(): shape must be a list of whole numbers from 0, got ${shown(shape)}`);
}

function shown(shape: unknown): string {
  return Array.isArray(shape) ? `[${shape.map(String).join(', ')}]` : typeof shape;
}

function ofTypedArray(
  name: string,
  array: TypedArray,
  shape: readonly number[] | null | undefined,
  options: CreateOptions,
): Tensor {
  if (!ArrayBuffer.isView(array) || array instanceof DataView)
    throw new ArgumentError(`${name}() expects a typed array, got ${array === null ? 'null' : typeof array}`);
  let source = dtypeOfArray(array);
  const dtype = options.dtype ?? source;
  dtypeBytes(dtype);
  if (array instanceof Uint16Array && (dtype === 'bfloat16' || dtype === 'float16')) source = dtype;
  const wanted = shape ?? [array.length];
  checkShape(name, wanted);
  const count = wanted.reduce((a, b) => a * b, 1);
  if (count !== array.length)
    throw new ShapeError(
      `shape [${wanted.join(', ')}] has ${count} elements, but the array has ${array.length}`,
    );
  return finish(fromView(array, source, wanted, dtype), options);
}

/**
 * Reads a tensor from the bytes of a buffer (little-endian), copied.
 *
 * @throws ShapeError where the buffer is too short for the shape.
 */
export function fromBuffer(
  buffer: ArrayBufferView | ArrayBuffer,
  options: CreateOptions & {
    dtype: DType;
    shape?: readonly number[];
    byteOffset?: number;
    count?: number;
    offset?: number;
  },
): Tensor {
  const {
    shape,
    byteOffset,
    count,
    offset: second,
    ...rest
  } = checkedOptions('fromBuffer', options, [
    ...createKeys,
    ...(['shape', 'byteOffset', 'count', 'offset'] as const),
  ]);
  if (!rest.dtype) throw new ArgumentError('fromBuffer() needs the option dtype');
  const width = dtypeBytes(rest.dtype);
  const offset = byteOffset ?? second ?? 0;
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new ArgumentError(`byteOffset must be a whole number from 0, got ${String(offset)}`);
  if (!ArrayBuffer.isView(buffer) && !(buffer instanceof ArrayBuffer))
    throw new ArgumentError('fromBuffer() expects a Buffer, typed array or ArrayBuffer');
  const length = buffer.byteLength;
  if (offset > length) throw new ShapeError(`byteOffset ${offset} is beyond the buffer's ${length} bytes`);
  const wanted = shape ?? [count == null || count === -1 ? Math.floor((length - offset) / width) : count];
  checkShape('fromBuffer', wanted);
  return finish(new Tensor(native.fromBytes(buffer, rest.dtype, wanted, rest.dtype, null, offset)), rest);
}

/**
 * The data as a tensor: a tensor itself (converted where asked), anything else through `tensor`.
 * Source: torch.as_tensor.
 */
export function asTensor(data: TensorData | TypedArray | Tensor, options?: CreateOptions): Tensor;
export function asTensor(options: CreateOptions & { data: TensorData | TypedArray | Tensor }): Tensor;
export function asTensor(first: unknown, given?: CreateOptions): Tensor {
  const { data, options } = dataAndOptions('asTensor', first, given);
  if (!(data instanceof Tensor)) return make(data, options);
  return data.to({ dtype: options.dtype ?? null, device: options.device ?? null });
}
