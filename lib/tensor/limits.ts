/** Limits of dtypes and the constants of `torch`. */
import type { DType } from '../bindings.js';
import { DTypeError } from '../errors.js';
import { dtypeBytes, getDefaultDtype, isComplexDType, isFloatingDType } from './dtype.js';

/** Infinity. */
export const inf = Number.POSITIVE_INFINITY;
/** Not a number. */
export const nan = Number.NaN;
export const pi = Math.PI;
export const e = Math.E;
/** A new axis in an index. */
export const newaxis = null;

/** Exponent and mantissa bits; formats without infinity may use the highest exponent for numbers. */
const formats: Partial<
  Record<DType, { exponent: number; mantissa: number; max?: number; smallest?: number; eps?: number }>
> = {
  float64: { exponent: 11, mantissa: 52 },
  float32: { exponent: 8, mantissa: 23 },
  float16: { exponent: 5, mantissa: 10 },
  bfloat16: { exponent: 8, mantissa: 7 },
  float8_e5m2: { exponent: 5, mantissa: 2 },
  float8_e4m3fn: { exponent: 4, mantissa: 3, max: 448 },
  float8_e5m2fnuz: { exponent: 5, mantissa: 2, max: 57344, smallest: 2 ** -15, eps: 2 ** -3 },
  float8_e4m3fnuz: { exponent: 4, mantissa: 3, max: 240, smallest: 2 ** -7 },
};

const partOf: Partial<Record<DType, DType>> = {
  complex32: 'float16',
  complex64: 'float32',
  complex128: 'float64',
};

/** Numerical limits of a floating point dtype. */
export interface FloatInfo {
  /** Bits of the type. */
  readonly bits: number;
  readonly dtype: DType;
  /** The distance from 1 to the next number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The smallest positive normal number. */
  readonly tiny: number;
  readonly smallestNormal: number;
  /** The approximate decimal resolution. */
  readonly resolution: number;
}

/**
 * Numerical limits of a floating point dtype; of the default dtype where none is given.
 *
 * @throws DTypeError for another kind of dtype. Source: torch.finfo.
 */
export function finfo(dtype: DType = getDefaultDtype()): FloatInfo {
  dtypeBytes(dtype);
  const part = partOf[dtype] ?? dtype;
  const format = formats[part];
  if (!format)
    throw new DTypeError(
      `finfo() needs a floating point dtype, got ${dtype}; use torch.iinfo for whole numbers`,
    );
  const bias = 2 ** (format.exponent - 1) - 1;
  const eps = format.eps ?? 2 ** -format.mantissa;
  const max = format.max ?? 2 ** bias * (2 - eps);
  const smallestNormal = format.smallest ?? 2 ** (1 - bias);
  const digits = Math.floor(format.mantissa * Math.log10(2));
  const resolution = Number(`1e-${digits}`);
  return {
    bits: dtypeBytes(part) * 8,
    dtype: part,
    eps,
    max,
    min: -max,
    tiny: smallestNormal,
    smallestNormal,
    resolution,
  };
}

/** Numerical limits of an integer dtype; bigints where a JavaScript number could not hold them exactly. */
export interface IntegerInfo {
  readonly bits: number;
  readonly dtype: DType;
  readonly max: number | bigint;
  readonly min: number | bigint;
}

/**
 * Numerical limits of an integer dtype.
 *
 * @throws DTypeError for another kind of dtype. Source: torch.iinfo.
 */
export function iinfo(dtype: DType): IntegerInfo {
  const bits = dtypeBytes(dtype) * 8;
  if (isFloatingDType(dtype) || isComplexDType(dtype) || dtype === 'bool')
    throw new DTypeError(
      `iinfo() needs an integer dtype, got ${dtype}${dtype === 'bool' ? '' : '; use torch.finfo'}`,
    );
  const signed = !dtype.startsWith('u') && dtype !== 'quint8';
  const top = 2n ** BigInt(signed ? bits - 1 : bits);
  const exact = (value: bigint): number | bigint => (bits === 64 && value !== 0n ? value : Number(value));
  return { bits, dtype, max: exact(top - 1n), min: exact(signed ? -top : 0n) };
}
