import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ValueError } from '../errors.js';

/** What a file must hash to. A SHA-256 may be given by its first eight or more digits. */
export interface Checksum {
  algorithm: 'sha256' | 'md5';
  /** Lower-case hexadecimal digits. */
  digits: string;
}

/** Reads the options `sha256` and `md5`; `undefined` where neither is given. */
export function checksumOf(options: { sha256?: string; md5?: string }): Checksum | undefined {
  if (options.sha256 !== undefined) {
    const digits = options.sha256.toLowerCase();
    if (!/^[0-9a-f]{8,64}$/.test(digits)) {
      throw new ValueError(
        `sha256 must be 8 to 64 hexadecimal digits, ${JSON.stringify(options.sha256)} was given`,
      );
    }
    return { algorithm: 'sha256', digits };
  }
  if (options.md5 !== undefined) {
    const digits = options.md5.toLowerCase();
    if (!/^[0-9a-f]{32}$/.test(digits)) {
      throw new ValueError(`md5 must be 32 hexadecimal digits, ${JSON.stringify(options.md5)} was given`);
    }
    return { algorithm: 'md5', digits };
  }
  return undefined;
}

/** The start of the SHA-256 that torchvision writes into a name: `f37072fd` of `resnet18-f37072fd.pth`. */
export function hashPrefixOf(fileName: string): string | undefined {
  return /-([0-9a-f]{8,64})\./.exec(fileName)?.[1];
}

/** `SHA-256 f37072fd…` or `MD5 c32a…` for people. */
export function describeChecksum(checksum: Checksum): string {
  if (checksum.algorithm === 'md5') return `MD5 ${checksum.digits}`;
  return `SHA-256 ${checksum.digits}${checksum.digits.length < 64 ? '…' : ''}`;
}

/** The whole hash of a file, read piece by piece. */
export async function hashFile(
  path: string,
  algorithm: Checksum['algorithm'],
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk);
  return hash.digest('hex');
}

/** Whether a whole hash is the expected one. */
export function matches(hash: string, checksum: Checksum): boolean {
  return hash.startsWith(checksum.digits);
}
