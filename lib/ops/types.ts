/** The types that operator signatures are written in. */
import type { DType, Layout, MemoryFormat } from '../bindings.js';
import type { Generator } from '../random/generator.js';
import type { DeviceLike } from '../tensor/device.js';
import type { Tensor } from '../tensor/tensor.js';

export type { DeviceLike, DType, Generator, Layout, MemoryFormat };

/** A complex number as operand or result. */
export interface Complex {
  re: number;
  im: number;
}

/** What stands where PyTorch takes a number. */
export type Scalar = number | bigint | boolean | Complex;

/** Keyword arguments that every tensor factory takes. */
export interface TensorOptions {
  /** Default: the default dtype, or what the values say. */
  dtype?: DType | null;
  device?: DeviceLike | null;
  layout?: Layout | null;
  pinMemory?: boolean | null;
  /** Default: false. */
  requiresGrad?: boolean;
}

/** A named tuple of tensors: `const { values, indices } = r` and `const [values, indices] = r`. */
export type NamedTensors<Names extends string> = { readonly [K in Names]: Tensor } & Iterable<Tensor> & {
    readonly length: number;
    readonly [index: number]: Tensor;
  };

/** Numbers for each dimension; one number stands for all of them. */
export type Ints = number | readonly number[];
