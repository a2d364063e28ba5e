/** What the layers share: sizes of one to three numbers, device and dtype of their parameters. */
import { ArgumentError, ValueError } from '../../errors.js';
import { empty } from '../../ops/generated/functions.js';
import type { DeviceLike, DType } from '../../tensor/index.js';
import { Parameter } from '../parameter.js';

/** One number for all dimensions, or one for each. */
export type Size = number | readonly number[];

/** Where and in which dtype a layer's parameters are made. */
export interface FactoryOptions {
  device: DeviceLike | null;
  dtype: DType | null;
}

/** The defaults of {@link FactoryOptions}: the CPU, the default dtype. */
export const factory: FactoryOptions = { device: null, dtype: null };

/** A size as one number for each dimension. */
export function expand(size: Size, dimensions: number, name: string): number[] {
  if (typeof size === 'number') return new Array<number>(dimensions).fill(size);
  if (!Array.isArray(size))
    throw new ArgumentError(
      `${name} must be a number or an array of ${dimensions}, got ${size === null ? 'null' : typeof size}`,
    );
  if (size.length !== dimensions)
    throw new ValueError(
      `${name} must be a number or an array of ${dimensions}, got [${size.map(String).join(', ')}]`,
    );
  return [...size];
}

/** A parameter without values yet. */
export function emptyParameter(shape: readonly number[], options: FactoryOptions): Parameter {
  return new Parameter(empty(shape, { device: options.device, dtype: options.dtype }));
}
