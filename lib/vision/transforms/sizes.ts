/** Sizes and paddings as users write them. */
import { ArgumentError, ValueError } from '../../errors.js';

/** Python's `round`: halves go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** One number for a square, or [height, width]. */
export type SizeLike = number | readonly number[];

function checkWhole(name: string, values: readonly unknown[]): void {
  for (const value of values)
    if (!Number.isInteger(value) || (value as number) < 1)
      throw new ValueError(`${name}: sizes must be whole numbers from 1, got ${String(value)}`);
}

/** [height, width] of a size. */
export function heightAndWidth(name: string, size: unknown): [number, number] {
  const values =
    typeof size === 'number' ? [size, size] : Array.isArray(size) ? (size as number[]) : undefined;
  if (!values)
    throw new ArgumentError(`${name}: size must be a number or [height, width], got ${typeof size}`);
  if (values.length !== 1 && values.length !== 2)
    throw new ValueError('Please provide only two dimensions (h, w) for size.');
  checkWhole(name, values);
  return [values[0]!, values[1] ?? values[0]!];
}

/** The size of `Resize`, kept as given: one side or both. */
export function checkResizeSize(size: unknown): number | number[] {
  if (typeof size === 'number') checkWhole('Resize', [size]);
  else if (!Array.isArray(size))
    throw new ArgumentError(`Size should be int or sequence. Got ${typeof size}`);
  else if (size.length !== 1 && size.length !== 2)
    throw new ValueError('If size is a sequence, it should have 1 or 2 values');
  else checkWhole('Resize', size);
  return typeof size === 'number' ? size : [...(size as number[])];
}

/** [height, width] after resizing: one number is the shorter side, kept in proportion. */
export function resizedSize(
  height: number,
  width: number,
  size: number | readonly number[],
  maxSize: number | null,
): [number, number] {
  if (Array.isArray(size) && size.length === 2) return [size[0] as number, size[1] as number];
  const wanted = typeof size === 'number' ? size : size[0]!;
  const [short, long] = width <= height ? [width, height] : [height, width];
  let newShort = wanted;
  let newLong = Math.trunc((wanted * long) / short);
  if (maxSize !== null) {
    if (maxSize <= wanted)
      throw new ValueError(
        `max_size = ${maxSize} must be strictly greater than the requested size for the smaller edge size = ${wanted}`,
      );
    if (newLong > maxSize) {
      newShort = Math.trunc((maxSize * newShort) / newLong);
      newLong = maxSize;
    }
  }
  return width <= height ? [newLong, newShort] : [newShort, newLong];
}

/** One number for all sides, [left/right, top/bottom], or [left, top, right, bottom]. */
export type PaddingLike = number | readonly number[];

/** [left, top, right, bottom]. */
export function sides(padding: unknown): [number, number, number, number] {
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  if (!Array.isArray(padding)) throw new ArgumentError('Got inappropriate padding arg');
  const p = padding as number[];
  if (p.some((n) => !Number.isInteger(n))) throw new ArgumentError('padding must be whole numbers');
  switch (p.length) {
    case 1:
      return [p[0]!, p[0]!, p[0]!, p[0]!];
    case 2:
      return [p[0]!, p[1]!, p[0]!, p[1]!];
    case 4:
      return [p[0]!, p[1]!, p[2]!, p[3]!];
    default:
      throw new ValueError(
        `Padding must be an int or a 1, 2, or 4 element tuple, not a ${p.length} element tuple`,
      );
  }
}

/** A fill for each channel of an image. */
export function fillOf(fill: number | readonly number[] | null, channels: number): number[] {
  if (fill === null || typeof fill === 'number')
    return new Array<number>(channels).fill(Math.trunc(fill ?? 0));
  if (fill.length !== 1 && fill.length !== channels)
    throw new ValueError(
      `The number of elements in 'fill' does not match the number of channels of the image (${fill.length} != ${channels})`,
    );
  return Array.from({ length: channels }, (_, c) => Math.trunc(fill[c] ?? fill[0]!));
}

/** The one fill that tensors take. */
export function tensorFill(fill: number | readonly number[] | null): number {
  if (fill === null || typeof fill === 'number') return fill ?? 0;
  if (fill.length === 1) return fill[0]!;
  throw new ArgumentError('Got inappropriate fill arg: a tensor takes one number');
}
