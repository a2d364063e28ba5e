import { ArgumentError, ShapeError, ValueError } from '../../errors.js';
import { encodeImage } from '../../plot/encode.js';
import { checkPixels, type Pixels } from '../../plot/pixels.js';
import type { ImageValue } from './messages.js';

/** What is read of a tensor; this room needs no tensor itself. */
export interface TensorLike {
  readonly shape: readonly number[];
  toTypedArray(options?: { as?: 'float32' }): ArrayLike<number | bigint>;
  readonly dtype: string;
}

/** An image to log: pixels, the bytes of a PNG file, or a tensor laid out as `dataformats` says. */
export type ImageInput = Pixels | Uint8Array | TensorLike;

/** The order of an image tensor's dimensions. */
export type DataFormats = 'CHW' | 'HWC' | 'HW';

/** Whether `value` offers a tensor's numbers. */
export function isTensorLike(value: unknown): value is TensorLike {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as TensorLike).toTypedArray === 'function' &&
    Array.isArray((value as TensorLike).shape)
  );
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Channels by the colour type of a PNG's header. */
const pngChannels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

function fromPng(bytes: Uint8Array): ImageValue {
  if (bytes.length < 33 || pngSignature.some((byte, i) => bytes[i] !== byte)) {
    throw new ValueError(
      'an image as bytes must be a whole PNG file; give pixels as { data, width, height, channels }',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    colorspace: pngChannels[bytes[25]!] ?? 3,
    encoded: new Uint8Array(bytes),
  };
}

function fromTensor(tensor: TensorLike, formats: DataFormats): Pixels {
  const { shape } = tensor;
  if (!['CHW', 'HWC', 'HW'].includes(formats)) {
    throw new ValueError(
      `dataformats must be 'CHW', 'HWC' or 'HW', got '${formats}'; make one image of a batch by utils.makeGrid`,
    );
  }
  if (shape.length !== formats.length) {
    throw new ShapeError(
      `an image tensor in the format ${formats} has ${formats.length} dimensions, got the shape [${shape}]`,
    );
  }
  const size = (name: string): number => (formats.includes(name) ? shape[formats.indexOf(name)]! : 1);
  const [channels, height, width] = [size('C'), size('H'), size('W')];
  const bytes = tensor.dtype === 'uint8';
  const values = bytes ? tensor.toTypedArray() : tensor.toTypedArray({ as: 'float32' });
  const scale = bytes ? 1 : 255;
  const data = new Uint8Array(values.length);
  const [pixelStride, channelStride] = formats === 'CHW' ? [1, height * width] : [channels, 1];
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < channels; c++) {
      const value = Number(values[pixel * pixelStride + c * channelStride]) * scale;
      data[pixel * channels + c] = Math.min(Math.max(value, 0), 255);
    }
  }
  return { data, width, height, channels: channels as Pixels['channels'] };
}

/**
 * The image as it goes into an event. Pixels are copied before this returns, so that the
 * caller may use them again; encoding them is waited for.
 *
 * @throws ArgumentError, ShapeError, ValueError for an image that is none, before anything is awaited
 */
export function imageValue(
  image: ImageInput,
  formats: DataFormats,
): { value: ImageValue } | { pending: Promise<ImageValue> } {
  if (image instanceof Uint8Array) return { value: fromPng(image) };
  if (typeof image !== 'object' && typeof image !== 'function') {
    throw new ArgumentError(`an image must be pixels, PNG bytes or a tensor, got ${typeof image}`);
  }
  const source = isTensorLike(image) ? fromTensor(image, formats) : image;
  checkPixels(source, 'image');
  // Not data.slice(): a Buffer's shares its memory.
  const pixels = { ...source, data: new Uint8Array(source.data) };
  const { width, height, channels: colorspace } = pixels;
  const encoding = encodeImage(pixels, 'png');
  return { pending: encoding.then((encoded) => ({ width, height, colorspace, encoded })) };
}
