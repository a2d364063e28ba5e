/** Where bytes come from: an open file, or memory. */
import { type FileHandle, open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import type { Handle } from '../bindings.js';
import { ArgumentError, FileFormatError } from '../errors.js';
import { native } from '../native.js';

/** Bytes that become a uint8 tensor. */
export interface Region {
  /** Of a zip record's local header, or of the bytes themselves. */
  offset: number;
  size: number;
  /** CRC-32, or null where there is none to check. */
  crc: number | null;
  /** Where the bytes must have ended. */
  limit: number;
}

/** How regions are read. */
export interface RegionOptions {
  /** Regions begin with the local header of a zip record. */
  headers: boolean;
  /** Tensors lie in a private mapping of the file, which is read when it is touched. */
  map?: boolean;
}

export interface ByteSource {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** A copy of some bytes; throws FileFormatError beyond the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  readTensors(regions: readonly Region[], options: RegionOptions): Promise<Handle[]>;
  close(): Promise<void>;
}

/** What a file can be given as. */
export type FileLike = string | URL | Uint8Array | ArrayBuffer;

/** A path as a string. */
export function pathOf(file: string | URL): string {
  return file instanceof URL ? fileURLToPath(file) : file;
}

const reasons: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is no directory',
  EMFILE: 'too many files are open',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
};

/** What went wrong with a file, in words. */
export function fileReason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const known = code === undefined ? undefined : reasons[code];
  return known ? `${known} (${code})` : cause instanceof Error ? cause.message : String(cause);
}

/** Below this many bytes a second thread gains nothing. */
const worthThreads = 2 ** 22;

class FileSource implements ByteSource {
  constructor(
    readonly name: string,
    readonly size: number,
    private readonly file: FileHandle,
  ) {}

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    const buffer = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.file.read(buffer, done, length - done, offset + done);
      if (bytesRead === 0) throw new FileFormatError(`${this.name} ended while it was read: it is truncated`);
      done += bytesRead;
    }
    return buffer;
  }

  async readTensors(regions: readonly Region[], options: RegionOptions): Promise<Handle[]> {
    const numbers = regions.flatMap(({ offset, size, crc, limit }) => [offset, size, crc ?? -1, limit]);
    const total = regions.reduce((sum, region) => sum + region.size, 0);
    return native.readRegions(
      this.file.fd,
      Float64Array.from(numbers),
      options.headers,
      options.map ?? false,
      total < worthThreads ? 1 : Math.min(4, availableParallelism()),
    );
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

class MemorySource implements ByteSource {
  readonly size: number;

  constructor(
    readonly name: string,
    private readonly bytes: Uint8Array,
  ) {
    this.size = bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(this, offset, length);
    return this.bytes.slice(offset, offset + length);
  }

  async readTensors(regions: readonly Region[], options: RegionOptions): Promise<Handle[]> {
    return regions.map((region) => this.tensor(region, options.headers));
  }

  private tensor(region: Region, header: boolean): Handle {
    let { offset } = region;
    if (header) {
      checkRange(this, offset, 30);
      const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + offset, 30);
      if (view.getUint32(0, true) !== 0x04034b50)
        throw new FileFormatError(`${this.name}: a record does not begin with a zip header`);
      offset += 30 + view.getUint16(26, true) + view.getUint16(28, true);
    }
    if (offset + region.size > Math.min(region.limit, this.size))
      throw new FileFormatError(`${this.name}: a record reaches beyond its end: it is truncated or broken`);
    const window = this.bytes.subarray(offset, offset + region.size);
    if (region.crc !== null && crc32(window) !== region.crc)
      throw new FileFormatError(`${this.name}: the checksum of a record is wrong: it is damaged`);
    return native.fromBytes(window, 'uint8', [region.size], 'uint8', null);
  }

  async close(): Promise<void> {}
}

function checkRange(source: ByteSource, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= source.size))
    throw new FileFormatError(
      `${source.name} is truncated or broken: ${length} bytes were expected at byte ${offset}, it has ${source.size}`,
    );
}

/**
 * Opens a path or takes bytes; `caller` names the function in messages.
 *
 * @throws FileFormatError where the file cannot be opened, ArgumentError for another kind of value.
 */
export async function openSource(file: FileLike, caller: string): Promise<ByteSource> {
  if (file instanceof Uint8Array) return new MemorySource('the data', file);
  if (file instanceof ArrayBuffer) return new MemorySource('the data', new Uint8Array(file));
  if (typeof file !== 'string' && !(file instanceof URL))
    throw new ArgumentError(
      `${caller} expects a path, a file URL, a Uint8Array or an ArrayBuffer, got ${file === null ? 'null' : typeof file}`,
    );
  const path = pathOf(file);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const info = await handle.stat();
    if (info.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
    return new FileSource(path, info.size, handle);
  } catch (cause) {
    await handle?.close();
    throw new FileFormatError(`${path} could not be opened: ${fileReason(cause)}`, { cause });
  }
}
