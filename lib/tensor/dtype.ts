/** Dtype constants: each is its own name (`torch.float32 === 'float32'`). */
import type { DType } from '../bindings.js';
import { DTypeError } from '../errors.js';
import { native } from '../native.js';

export type { DType };

export const float32 = 'float32';
export const float64 = 'float64';
export const float16 = 'float16';
export const bfloat16 = 'bfloat16';
export const int64 = 'int64';
export const int32 = 'int32';
export const int16 = 'int16';
export const int8 = 'int8';
export const uint8 = 'uint8';
export const uint16 = 'uint16';
export const uint32 = 'uint32';
export const uint64 = 'uint64';
export const bool = 'bool';
export const complex64 = 'complex64';
export const complex128 = 'complex128';
export const complex32 = 'complex32';
export const float8_e4m3fn = 'float8_e4m3fn';
export const float8_e5m2 = 'float8_e5m2';
export const float8_e4m3fnuz = 'float8_e4m3fnuz';
export const float8_e5m2fnuz = 'float8_e5m2fnuz';
/** PyTorch's second names. */
export const float = float32;
export const double = float64;
export const half = float16;
export const long = int64;
export const int = int32;
export const short = int16;
export const cfloat = complex64;
export const cdouble = complex128;
export const chalf = complex32;

export const strided = 'strided';
export const sparseCoo = 'sparseCoo';
export const sparseCsr = 'sparseCsr';
export const contiguousFormat = 'contiguousFormat';
export const preserveFormat = 'preserveFormat';
export const channelsLast = 'channelsLast';
export const channelsLast3d = 'channelsLast3d';

const bytes: Record<DType, number> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
  complex64: 8,
  complex128: 16,
  complex32: 4,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float8_e4m3fn: 1,
  float8_e5m2: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2fnuz: 1,
  qint8: 1,
  quint8: 1,
  qint32: 4,
};

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(bytes, value);
}

/** Bytes of one element. @throws DTypeError for an unknown name. */
export function dtypeBytes(dtype: DType): number {
  if (!isDType(dtype))
    throw new DTypeError(
      `unknown dtype '${String(dtype)}'; expected one of ${Object.keys(bytes).join(', ')}`,
    );
  return bytes[dtype];
}

export function isFloatingDType(dtype: DType): boolean {
  return dtype.startsWith('float') || dtype === 'bfloat16';
}

export function isComplexDType(dtype: DType): boolean {
  return dtype.startsWith('complex');
}

/** The dtype of floating-point tensors made from JavaScript numbers; float32 at the start. */
export function getDefaultDtype(): DType {
  return native.getDefaultDtype();
}

/** Source: torch.set_default_dtype. @throws DTypeError unless it is a floating point dtype. */
export function setDefaultDtype(dtype: DType): void {
  native.setDefaultDtype(dtype);
}
