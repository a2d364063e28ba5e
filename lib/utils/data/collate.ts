/** Samples to a batch. */
import { ArgumentError, TorchError } from '../../errors.js';
import { isOptions } from '../../ops/unwrap.js';
import { fromTypedArray } from '../../tensor/create.js';
import type { TypedArray } from '../../tensor/exchange.js';
import { Tensor } from '../../tensor/tensor.js';
import { aten } from '../aten.js';

const stack = aten<Tensor>('stack');

/** What a batch of samples of type `T` is. */
export type Collated<T> = T extends Tensor | number | bigint | boolean | ArrayBufferView
  ? Tensor
  : T extends string
    ? string[]
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: Collated<T[K]> }
      : T extends object
        ? { [K in keyof T]: Collated<T[K]> }
        : T;

function describe(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;
}

/** Numbers as Python's collate has them: whole ones int64, else float64. */
function numbers(batch: readonly number[]): Tensor {
  if (batch.every((value) => Number.isSafeInteger(value)))
    return fromTypedArray(BigInt64Array.from(batch, (value) => BigInt(value)));
  return fromTypedArray(Float64Array.from(batch));
}

function collateUntyped(batch: readonly unknown[]): unknown {
  const first = batch[0];
  const sameKind = (test: (value: unknown) => boolean): void => {
    const odd = batch.find((value) => !test(value));
    if (odd !== undefined || batch.includes(undefined))
      throw new ArgumentError(
        `each element in list of batch should be of the same kind: found ${describe(first)} and ${describe(odd)}`,
      );
  };
  if (first instanceof Tensor) {
    sameKind((value) => value instanceof Tensor);
    return stack([batch, 0]);
  }
  switch (typeof first) {
    case 'number':
      sameKind((value) => typeof value === 'number');
      return numbers(batch as number[]);
    case 'bigint':
      sameKind((value) => typeof value === 'bigint');
      return fromTypedArray(BigInt64Array.from(batch as bigint[]));
    case 'boolean':
      sameKind((value) => typeof value === 'boolean');
      return fromTypedArray(Uint8Array.from(batch as boolean[], Number), null, { dtype: 'bool' });
    case 'string':
      return [...batch];
  }
  if (ArrayBuffer.isView(first) && !(first instanceof DataView)) {
    sameKind((value) => ArrayBuffer.isView(value));
    return stack([(batch as TypedArray[]).map((array) => fromTypedArray(array)), 0]);
  }
  if (Array.isArray(first)) {
    sameKind(Array.isArray);
    const rows = batch as readonly unknown[][];
    if (rows.some((row) => row.length !== first.length))
      throw new TorchError('each element in list of batch should be of equal size');
    return first.map((_, i) => collateUntyped(rows.map((row) => row[i])));
  }
  if (isOptions(first)) {
    const rows = batch as readonly Record<string, unknown>[];
    return Object.fromEntries(
      Object.keys(first).map((key) => [key, collateUntyped(rows.map((row) => row[key]))]),
    );
  }
  throw new ArgumentError(
    `defaultCollate: batch must contain tensors, typed arrays, numbers, strings, objects or arrays; found ${describe(first)}` +
      (describe(first) === 'Image' ? ' (end the transform with ToTensor)' : ''),
  );
}

/**
 * Samples to a batch: tensors are stacked along a new first dimension; whole numbers become int64,
 * other numbers float64, bigints int64, booleans bool; typed arrays become tensors; strings a list;
 * arrays and objects are collated element by element.
 *
 * A column of numbers that happen to be whole is int64: give float targets as tensors to fix the dtype.
 * Source: torch.utils.data.default_collate.
 */
export function defaultCollate<T>(batch: readonly T[]): Collated<T> {
  if (!Array.isArray(batch) || batch.length === 0)
    throw new ArgumentError('defaultCollate() expects a list of samples');
  return collateUntyped(batch) as Collated<T>;
}

/** A sample without a batch: typed arrays become tensors. Source: torch.utils.data.default_convert. */
export function defaultConvert(data: unknown): unknown {
  if (data instanceof Tensor) return data;
  if (ArrayBuffer.isView(data) && !(data instanceof DataView)) return fromTypedArray(data as TypedArray);
  if (Array.isArray(data)) return data.map(defaultConvert);
  if (isOptions(data))
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, defaultConvert(value)]));
  return data;
}
