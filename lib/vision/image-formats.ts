import type { DecodedImage } from './image-decode.js';

/** Small uncompressed formats that the image library does not read: PNM (PBM, PGM, PPM) and BMP. */

/** Decodes PNM or BMP; `undefined` where the bytes are neither. Throws `Error` where they are broken. */
export function decodeSimple(bytes: Uint8Array): DecodedImage | undefined {
  if (bytes[0] === 0x50 && bytes[1]! >= 0x31 && bytes[1]! <= 0x36) return decodePnm(bytes);
  if (bytes[0] === 0x42 && bytes[1] === 0x4d)
    return decodeBmp(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  return undefined;
}

/** More pixels than this are taken for a broken header. */
const maxPixels = 2 ** 28;

function canvas(width: number, height: number): Uint8Array {
  if (!(width > 0 && height > 0 && width * height <= maxPixels))
    throw new Error(`a size of ${width} × ${height}`);
  return new Uint8Array(width * height * 3);
}

function decodePnm(bytes: Uint8Array): DecodedImage {
  const kind = bytes[1]! - 0x30;
  let position = 2;

  /** The next number of the header, or of a text image. */
  function number(): number {
    for (;;) {
      const byte = bytes[position];
      if (byte === 0x23) while (position < bytes.length && bytes[position] !== 0x0a) position++;
      else if (byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13)) position++;
      else break;
    }
    let value = 0;
    const start = position;
    while (bytes[position]! >= 0x30 && bytes[position]! <= 0x39)
      value = value * 10 + bytes[position++]! - 0x30;
    if (position === start) throw new Error('truncated, or a number is missing');
    return value;
  }

  const width = number();
  const height = number();
  const bitmap = kind === 1 || kind === 4;
  const max = bitmap ? 1 : number();
  if (max < 1 || max > 65535) throw new Error(`a largest value of ${max}`);
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const rgb = canvas(width, height);
  const text = kind <= 3;
  const wide = max > 255 ? 2 : 1;
  const rowBytes = bitmap ? Math.ceil(width / 8) : width * channels * wide;
  if (!text) {
    position++;
    if (bytes.length - position < rowBytes * height) throw new Error('truncated');
  }
  // PIL scales colour to 255 and clips gray of more than 8 bits, as it keeps that as such.
  const scale = (value: number): number =>
    channels === 1 && max > 255
      ? Math.min(255, max === 65535 ? value : Math.round((value * 65535) / max))
      : Math.min(255, Math.round((value * 255) / max));

  function sample(y: number, i: number): number {
    if (kind === 1) {
      while (bytes[position] !== 0x30 && bytes[position] !== 0x31) {
        if (position++ >= bytes.length) throw new Error('truncated');
      }
      return bytes[position++] === 0x31 ? 0 : 1;
    }
    if (text) return number();
    const row = position + y * rowBytes;
    if (kind === 4) return (bytes[row + (i >> 3)]! >> (7 - (i & 7))) & 1 ? 0 : 1;
    return wide === 2 ? bytes[row + 2 * i]! * 256 + bytes[row + 2 * i + 1]! : bytes[row + i]!;
  }

  for (let y = 0, to = 0; y < height; y++) {
    for (let i = 0; i < width * channels; i++) {
      const value = scale(sample(y, i));
      rgb[to++] = value;
      if (channels === 1) {
        rgb[to++] = value;
        rgb[to++] = value;
      }
    }
  }
  return [rgb, { width, height, channels: 3 }];
}

function decodeBmp(bytes: Buffer): DecodedImage {
  if (bytes.length < 54) throw new Error('truncated');
  const pixels = bytes.readUInt32LE(10);
  const header = bytes.readUInt32LE(14);
  if (header < 40) throw new Error(`a BMP header of ${header} bytes; 40 or more are expected`);
  const width = bytes.readInt32LE(18);
  const signedHeight = bytes.readInt32LE(22);
  const height = Math.abs(signedHeight);
  const bits = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  const plainMasks = compression === 3 && bits === 32 && header >= 52 && bytes.readUInt32LE(54) === 0xff0000;
  if (![1, 4, 8, 24, 32].includes(bits) || (compression !== 0 && !plainMasks)) {
    throw new Error(
      `a BMP of ${bits} bits with compression ${compression}; plain ones of 1, 4, 8, 24 or 32 are read`,
    );
  }
  const rgb = canvas(width, height);
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (bytes.length - pixels < rowBytes * height) throw new Error('truncated');
  const palette = 14 + header;
  const entries = Math.floor((pixels - palette) / 4);
  for (let y = 0, to = 0; y < height; y++) {
    const row = pixels + (signedHeight < 0 ? y : height - 1 - y) * rowBytes;
    for (let x = 0; x < width; x++) {
      let at = row + (x * bits) / 8;
      if (bits <= 8) {
        const bit = x * bits;
        const index = (bytes[row + (bit >> 3)]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
        if (index >= entries) throw new Error(`palette entry ${index} is not there`);
        at = palette + index * 4;
      }
      rgb[to++] = bytes[at + 2]!;
      rgb[to++] = bytes[at + 1]!;
      rgb[to++] = bytes[at]!;
    }
  }
  return [rgb, { width, height, channels: 3 }];
}
