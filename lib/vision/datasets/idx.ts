import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { FileFormatError } from '../../errors.js';

const unzip = promisify(gunzip);

/** Far more than any of these files holds; a bound for what a small gzip file may blow up to. */
const maxBytes = 2 ** 31;
const unsignedByte = 8;

/** An array of bytes in the IDX format of MNIST. */
export interface IdxArray {
  shape: number[];
  data: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes, raw or gzip (told by its first bytes).
 *
 * @param dimensions how many it must have: 3 for images, 1 for labels
 * @throws FileFormatError naming the file where it is truncated or of another format
 */
export async function readIdx(path: string, dimensions: number): Promise<IdxArray> {
  let bytes: Uint8Array = await readFile(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      bytes = await unzip(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      throw new FileFormatError(`${path} is truncated or no gzip file: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  const header = 4 + 4 * dimensions;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4 && view.getUint32(0) !== ((unsignedByte << 8) | dimensions)) {
    const start = view.getUint32(0).toString(16).padStart(8, '0');
    throw new FileFormatError(
      `${path} is no IDX file of bytes with ${dimensions} dimensions: it starts with 0x${start}`,
    );
  }
  if (bytes.length < header)
    throw new FileFormatError(`${path} is truncated: ${bytes.length} bytes, no whole header`);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const size = shape.reduce((product, length) => product * length, 1);
  if (bytes.length !== header + size) {
    throw new FileFormatError(
      `${path} is truncated or broken: ${shape.join(' × ')} needs ${header + size} bytes, it has ${bytes.length}`,
    );
  }
  return { shape, data: bytes.subarray(header) };
}
