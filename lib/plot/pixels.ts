import { ArgumentError, ShapeError } from '../errors.js';

/** The byte arrays that hold pixels; a Node `Buffer` is one of them. */
export type PixelData = Uint8Array | Uint8ClampedArray;

/** An image in memory: rows from the top, channels last, one byte (0 to 255) a value. */
export interface Pixels {
  /** `height * width * channels` bytes, order height, width, channel. */
  data: PixelData;
  width: number;
  height: number;
  /** 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
  channels: 1 | 2 | 3 | 4;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return value.constructor?.name ?? 'object';
  return `${typeof value} ${String(value)}`;
}

/**
 * Throws unless `image` is an image in memory.
 *
 * @param name what the caller calls it, for the message (`images[3]`)
 * @throws ArgumentError when `data` holds no bytes
 * @throws ShapeError when sizes, channels and the number of bytes do not fit each other
 */
export function checkPixels(image: Pixels, name: string): void {
  const given: unknown = image;
  if (typeof given !== 'object' || given === null) {
    throw new ArgumentError(
      `${name}: expected an object { data, width, height, channels }, got ${describe(given)}`,
    );
  }
  const { data, width, height, channels } = image;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new ArgumentError(
      `${name}: data must be a Uint8Array or Uint8ClampedArray of bytes from 0 to 255, got ${describe(data)}; ` +
        'scale floating-point pixels to 0…255 first',
    );
  }
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new ShapeError(`${name}: width and height must be whole numbers ≥ 1, got ${width}×${height}`);
  }
  if (!Number.isInteger(channels) || channels < 1 || channels > 4) {
    throw new ShapeError(`${name}: channels must be 1 (grey), 2, 3 (RGB) or 4 (RGBA), got ${channels}`);
  }
  const expected = width * height * channels;
  if (data.length !== expected) {
    throw new ShapeError(
      `${name}: ${width}×${height} pixels of ${channels} channel(s) need ${expected} bytes, data has ${data.length}`,
    );
  }
}

/**
 * Resizes by repeating the nearest pixel, so that a small image is enlarged without blur.
 *
 * Done here and not by an image library, because those differ in where they put the sample point;
 * with a whole-number factor every source pixel becomes exactly one square.
 */
export function resizeNearest(image: Pixels, width: number, height: number): Pixels {
  const { data, channels } = image;
  const out = new Uint8Array(width * height * channels);
  const columns = Int32Array.from(
    { length: width },
    (_, x) => Math.floor((x * image.width) / width) * channels,
  );
  let at = 0;
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * image.height) / height) * image.width * channels;
    for (const column of columns) {
      for (let c = 0; c < channels; c++) out[at++] = data[row + column + c]!;
    }
  }
  return { data: out, width, height, channels };
}
