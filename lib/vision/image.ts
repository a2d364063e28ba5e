import { ShapeError, ValueError } from '../errors.js';
import { decodeImage } from './image-decode.js';

/** PIL's names of the kinds of images there are here. */
export type ImageMode = 'L' | 'RGB' | 'RGBA';

const modes: Record<number, ImageMode> = { 1: 'L', 3: 'RGB', 4: 'RGBA' };

/**
 * An image in memory, in the part of `PIL.Image`: what data sets give and transforms take.
 *
 * `data` holds height × width × channels bytes, row by row, the channels of a pixel side by side.
 * An image is not changed once it is made; several may share one buffer.
 */
export class Image {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 (gray), 3 (red, green, blue) or 4 (with alpha). */
  readonly channels: 1 | 3 | 4;

  /** @throws ShapeError where the sizes do not multiply to the number of bytes */
  constructor(data: Uint8Array, size: { width: number; height: number; channels: number }) {
    const { width, height, channels } = size;
    if (channels !== 1 && channels !== 3 && channels !== 4) {
      throw new ValueError(`Image: channels must be 1, 3 or 4, ${channels} was given`);
    }
    if (!Number.isInteger(width) || !Number.isInteger(height) || width < 0 || height < 0) {
      throw new ValueError(
        `Image: width and height must be whole numbers, ${width} and ${height} were given`,
      );
    }
    if (data.length !== width * height * channels) {
      throw new ShapeError(
        `Image: ${height} × ${width} × ${channels} needs ${width * height * channels} bytes, ${data.length} were given`,
      );
    }
    this.data = data;
    this.width = width;
    this.height = height;
    this.channels = channels;
  }

  /**
   * Reads a JPEG, PNG, WebP, TIFF, BMP, PPM or PGM file as PIL's `Image.open(path).convert('RGB')` does:
   * gray and palette become RGB, alpha is dropped, colour profiles and EXIF orientation are not applied.
   *
   * @throws FileFormatError naming the file where it cannot be decoded
   */
  static async fromFile(path: string): Promise<Image> {
    return new Image(...(await decodeImage(path)));
  }

  /** {@link Image.fromFile} of bytes in memory; `name` is for error messages. */
  static async fromBytes(bytes: Uint8Array, name = 'the image'): Promise<Image> {
    return new Image(...(await decodeImage(name, bytes)));
  }

  get mode(): ImageMode {
    return modes[this.channels] as ImageMode;
  }

  /** Width and height, in PIL's order. */
  get size(): [number, number] {
    return [this.width, this.height];
  }

  /** The image in another mode, by PIL's formula (ITU-R 601-2 luma for gray); itself where nothing is to do. */
  convert(mode: ImageMode): Image {
    if (mode === this.mode) return this;
    const channels = mode === 'L' ? 1 : mode === 'RGB' ? 3 : 4;
    const pixels = this.width * this.height;
    const out = new Uint8Array(pixels * channels);
    const { data, channels: from } = this;
    for (let p = 0; p < pixels; p++) {
      const r = data[p * from]!;
      const g = from === 1 ? r : data[p * from + 1]!;
      const b = from === 1 ? r : data[p * from + 2]!;
      if (channels === 1) {
        out[p] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
      } else {
        out[p * channels] = r;
        out[p * channels + 1] = g;
        out[p * channels + 2] = b;
        if (channels === 4) out[p * channels + 3] = 255;
      }
    }
    return new Image(out, { width: this.width, height: this.height, channels });
  }

  toString(): string {
    return `Image(mode=${this.mode}, size=${this.width}x${this.height})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
