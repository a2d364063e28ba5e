import { readFile } from 'node:fs/promises';
import { FileFormatError, TorchError } from '../errors.js';
import { native } from '../native.js';
import { decodeSimple } from './image-formats.js';
import { checkTiff } from './tiff-check.js';

/** Bytes of an RGB image and its size. */
export type DecodedImage = [data: Uint8Array, size: { width: number; height: number; channels: 3 }];

/**
 * Decodes an image to RGB as PIL's `convert('RGB')` does.
 *
 * @param bytes the file's content; read from `path` where it is left out
 */
export async function decodeImage(path: string, bytes?: Uint8Array): Promise<DecodedImage> {
  const content = bytes ?? (await readImageFile(path));
  if (content.length === 0) throw new FileFormatError(`${path} is empty; an image was expected`);
  try {
    checkTiff(content);
    return decodeSimple(content) ?? (await decodeJpeg(content)) ?? (await decodeBySharp(content));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new FileFormatError(`${path} cannot be read as an image: ${reason}`, { cause: error });
  }
}

/** The usual kind of JPEG, with libjpeg-turbo's values; `null` for any other file, and for broken ones. */
async function decodeJpeg(content: Uint8Array): Promise<DecodedImage | null> {
  if (content[0] !== 0xff || content[1] !== 0xd8) return null;
  const decoded = await native.decodeJpeg(content);
  if (!decoded) return null;
  const [width, height, data] = decoded;
  return [data, { width, height, channels: 3 }];
}

/** Width and height of a JPEG file that native code decodes; null for any other file. */
export const jpegSize = (content: Uint8Array): [width: number, height: number] | null =>
  native.jpegSize(content);

/** Reads a file. @throws TorchError naming it */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new TorchError(`${path} cannot be read: ${(error as Error).message}`, 'ERR_FILE', { cause: error });
  }
}

async function decodeBySharp(content: Uint8Array): Promise<DecodedImage> {
  // Loaded with the first image that needs it: many programs have JPEGs only, or no images.
  const { default: sharp } = await import('sharp');
  // Profiles stay unused, as in PIL; a truncated file is an error, a warning of the decoder is not.
  const image = sharp(content, { ignoreIcc: true, failOn: 'error', sequentialRead: true });
  const { depth, space } = await image.metadata();
  if (depth === 'ushort') {
    const gray = space === 'grey16';
    const { data, info } = await image
      .toColourspace(gray ? 'grey16' : 'rgb16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
    const plain = gray && info.channels === 1;
    return toRgb(Uint8Array.from(values, plain ? clipped : highByte), info);
  }
  if (space === 'cmyk') {
    const { data, info } = await image
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels >= 4) return cmykToRgb(data, info);
    return toRgb(data, info);
  }
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return toRgb(data, info);
}

/** PIL reads 16-bit gray as such and clips it; of 16-bit colour it keeps the high bytes. */
const clipped = (value: number): number => Math.min(value, 255);
const highByte = (value: number): number => value >> 8;

interface RawInfo {
  width: number;
  height: number;
  channels: number;
}

/** Gray is repeated, alpha is dropped. */
function toRgb(data: Uint8Array, { width, height, channels }: RawInfo): DecodedImage {
  const size = { width, height, channels: 3 as const };
  if (channels === 3) return [data, size];
  const rgb = new Uint8Array(width * height * 3);
  const [g, b] = channels >= 3 ? [1, 2] : [0, 0];
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    rgb[to] = data[from]!;
    rgb[to + 1] = data[from + g]!;
    rgb[to + 2] = data[from + b]!;
  }
  return [rgb, size];
}

/** PIL's formula: each ink and the black subtract from white. */
function cmykToRgb(data: Uint8Array, { width, height, channels }: RawInfo): DecodedImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    const light = 255 - data[from + 3]!;
    for (let c = 0; c < 3; c++) {
      const ink = data[from + c]! * light + 128;
      rgb[to + c] = Math.max(0, light - (((ink >> 8) + ink) >> 8));
    }
  }
  return [rgb, { width, height, channels: 3 }];
}
