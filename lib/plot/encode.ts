import type { Sharp } from 'sharp';
import { ValueError } from '../errors.js';
import { checkedExtension, writeWithParents } from './files.js';
import { checkPixels, type Pixels } from './pixels.js';

/** The formats that images are written in, as file extensions. */
export type ImageFormat = 'png' | 'jpg' | 'jpeg' | 'webp';

/** Every {@link ImageFormat}. */
export const imageFormats: readonly ImageFormat[] = ['png', 'jpg', 'jpeg', 'webp'];

/** How an image is encoded. */
export interface EncodeOptions {
  /** Quality of JPEG and WebP from 1 to 100; default 90. PNG is lossless and takes none. */
  quality?: number;
}

/**
 * sharp is loaded on first use: `import 'torchts'` should not pay for an image library
 * in a program that writes no picture.
 */
export async function sharpOf(image: Pixels): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  const { data, width, height, channels } = image;
  return sharp(data, { raw: { width, height, channels } });
}

/**
 * Encodes an image to the bytes of a file.
 *
 * @throws ArgumentError, ShapeError for an image that is none
 * @throws ValueError for a quality outside 1…100
 */
export async function encodeImage(
  image: Pixels,
  format: ImageFormat,
  options: EncodeOptions = {},
): Promise<Buffer> {
  checkPixels(image, 'image');
  const quality = options.quality ?? 90;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new ValueError(`quality must be a whole number from 1 to 100, got ${options.quality}`);
  }
  const source = await sharpOf(image);
  // Else sharp writes grey as RGB, three times the same value.
  if (image.channels === 1) source.toColourspace('b-w');
  switch (format) {
    case 'png':
      return source.png().toBuffer();
    case 'webp':
      return source.webp({ quality }).toBuffer();
    default:
      // JPEG has no alpha: what is transparent becomes paper, not black.
      return source.flatten({ background: '#fff' }).jpeg({ quality, chromaSubsampling: '4:4:4' }).toBuffer();
  }
}

/**
 * Writes an image in the format that the file's extension names (`.png`, `.jpg`, `.jpeg`, `.webp`),
 * making the folders above it.
 *
 * @returns the file name, as given
 * @throws ValueError for another extension; TorchError (`ERR_FILE`) for a path that cannot be written
 */
export async function writeImage(
  image: Pixels,
  file: string,
  options: EncodeOptions & { format?: string | null } = {},
): Promise<string> {
  const format = checkedExtension(options.format ? `image.${options.format}` : file, imageFormats);
  await writeWithParents(file, await encodeImage(image, format, options));
  return file;
}

/**
 * Writes an image as PNG, whatever the file is called, making the folders above it.
 *
 * @returns the file name, as given
 * @throws TorchError (`ERR_FILE`) for a path that cannot be written
 */
export async function writePng(image: Pixels, file: string): Promise<string> {
  await writeWithParents(file, await encodeImage(image, 'png'));
  return file;
}
