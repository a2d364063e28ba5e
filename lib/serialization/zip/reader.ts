/** The directory of a zip archive. Nothing in it is believed before it was checked against the file. */
import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import type { Handle } from '../../bindings.js';
import { FileFormatError } from '../../errors.js';
import { native } from '../../native.js';
import type { ByteSource, Region } from '../source.js';

const inflate = promisify(inflateRaw) as (
  data: Uint8Array,
  options: { maxOutputLength: number },
) => Promise<Uint8Array>;

export interface ZipRecord {
  readonly name: string;
  readonly compressed: boolean;
  readonly crc: number;
  readonly storedSize: number;
  readonly size: number;
  /** Where its local header is. */
  readonly offset: number;
  /** Where the next record or the directory begins. */
  limit: number;
}

const signatures = { end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50, entry: 0x02014b50 };
const all16 = 0xffff;
const all32 = 0xffffffff;
/** Compressed records may grow by this much in all, whatever they say. */
const leastInflated = 2 ** 28;
const mostInflation = 64;

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function exact(value: bigint, broken: (reason: string) => FileFormatError): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken(`it speaks of byte ${value}`);
  return Number(value);
}

/** An archive's records by name, and their bytes. */
export class ZipArchive {
  readonly records = new Map<string, ZipRecord>();

  private constructor(readonly source: ByteSource) {}

  static async open(source: ByteSource): Promise<ZipArchive> {
    const archive = new ZipArchive(source);
    const { offset, size, count } = await archive.findDirectory();
    archive.readEntries(await source.read(offset, size), count, offset);
    archive.checkLayout(offset);
    return archive;
  }

  private broken(reason: string): FileFormatError {
    return new FileFormatError(`${this.source.name} is not a valid zip archive: ${reason}`);
  }

  private async findDirectory(): Promise<{ offset: number; size: number; count: number }> {
    const { source } = this;
    const tailSize = Math.min(source.size, 22 + 65535 + 20);
    const tailStart = source.size - tailSize;
    const tail = await source.read(tailStart, tailSize);
    const view = viewOf(tail);
    let at = tailSize - 22;
    while (
      at >= 0 &&
      !(view.getUint32(at, true) === signatures.end && view.getUint16(at + 20, true) === tailSize - at - 22)
    )
      at--;
    if (at < 0) throw this.broken('its directory is missing: it is truncated or no archive at all');
    let count = view.getUint16(at + 10, true);
    let size = view.getUint32(at + 12, true);
    let offset = view.getUint32(at + 16, true);
    let end = tailStart + at;
    if (at >= 20 && view.getUint32(at - 20, true) === signatures.locator64) {
      const where = exact(view.getBigUint64(at - 12, true), (reason) => this.broken(reason));
      if (where + 56 > end) throw this.broken('its directory lies beyond its end');
      const record = viewOf(await source.read(where, 56));
      if (record.getUint32(0, true) !== signatures.end64) throw this.broken('its directory is damaged');
      count = exact(record.getBigUint64(32, true), (reason) => this.broken(reason));
      size = exact(record.getBigUint64(40, true), (reason) => this.broken(reason));
      offset = exact(record.getBigUint64(48, true), (reason) => this.broken(reason));
      end = where;
    } else if (count === all16 || size === all32 || offset === all32) {
      throw this.broken('its directory is damaged');
    }
    if (offset + size > end || count * 46 > size) throw this.broken('its directory is damaged');
    return { offset, size, count };
  }

  private readEntries(directory: Uint8Array, count: number, end: number): void {
    const view = viewOf(directory);
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (at + 46 > directory.length || view.getUint32(at, true) !== signatures.entry)
        throw this.broken('an entry of its directory is damaged');
      const nameEnd = at + 46 + view.getUint16(at + 28, true);
      const extraEnd = nameEnd + view.getUint16(at + 30, true);
      const next = extraEnd + view.getUint16(at + 32, true);
      if (next > directory.length) throw this.broken('an entry of its directory is damaged');
      const nameBytes = directory.subarray(at + 46, nameEnd);
      if (!isUtf8(nameBytes)) throw this.broken('the name of a record is not valid UTF-8');
      const name = Buffer.from(nameBytes.buffer, nameBytes.byteOffset, nameBytes.length).toString('utf8');
      const flags = view.getUint16(at + 8, true);
      const method = view.getUint16(at + 10, true);
      if (flags & 1) throw this.broken(`its record ${name} is encrypted`);
      if (method !== 0 && method !== 8)
        throw this.broken(`its record ${name} is compressed by an unknown method (${method})`);
      const wide = this.wideFields(view, nameEnd, extraEnd, [
        view.getUint32(at + 24, true),
        view.getUint32(at + 20, true),
        view.getUint32(at + 42, true),
      ]);
      const [size, storedSize, offset] = wide as [number, number, number];
      if (method === 0 && size !== storedSize) throw this.broken(`its record ${name} has two sizes`);
      if (offset + 30 + (nameEnd - at - 46) + storedSize > end)
        throw this.broken(`its record ${name} of ${storedSize} bytes reaches beyond the file`);
      if (this.records.has(name)) throw this.broken(`it has two records ${name}`);
      const crc = view.getUint32(at + 16, true);
      this.records.set(name, { name, compressed: method === 8, crc, storedSize, size, offset, limit: end });
      at = next;
    }
  }

  /** Fields that do not fit 32 bits stand, in order, in the extra field 1. */
  private wideFields(view: DataView, start: number, end: number, fields: number[]): number[] {
    if (!fields.includes(all32)) return fields;
    for (let at = start; at + 4 <= end; ) {
      const stop = at + 4 + view.getUint16(at + 2, true);
      if (view.getUint16(at, true) === 1 && stop <= end) {
        let from = at + 4;
        return fields.map((field) => {
          if (field !== all32) return field;
          if (from + 8 > stop) throw this.broken('an entry of its directory is damaged');
          from += 8;
          return exact(view.getBigUint64(from - 8, true), (reason) => this.broken(reason));
        });
      }
      at = stop;
    }
    throw this.broken('an entry of its directory is damaged');
  }

  /** Records may not overlap, and compressed ones not grow without bound: both are how zip bombs are made. */
  private checkLayout(end: number): void {
    const inOrder = [...this.records.values()].sort((a, b) => a.offset - b.offset);
    let inflated = 0;
    inOrder.forEach((record, i) => {
      record.limit = inOrder[i + 1]?.offset ?? end;
      if (record.offset + 30 + record.storedSize > record.limit)
        throw this.broken(`its record ${record.name} overlaps the next one`);
      if (record.compressed) inflated += record.size;
    });
    if (inflated > Math.max(leastInflated, mostInflation * this.source.size))
      throw this.broken(
        `its ${this.source.size} bytes would grow to ${inflated}, which no file of tensors does`,
      );
  }

  private region(record: ZipRecord): Region {
    const { offset, storedSize, limit, crc, compressed } = record;
    // What is compressed has the checksum of what comes out.
    return { offset, size: storedSize, crc: compressed ? null : crc, limit };
  }

  private async inflated(record: ZipRecord, handle: Handle): Promise<Uint8Array> {
    let bytes: Uint8Array;
    try {
      bytes = await inflate(new Uint8Array(native.toBytes(handle)), {
        maxOutputLength: Math.max(1, record.size),
      });
    } catch (cause) {
      throw new FileFormatError(`${this.source.name}: its record ${record.name} is damaged`, { cause });
    }
    if (bytes.length !== record.size || crc32(bytes) !== record.crc)
      throw new FileFormatError(`${this.source.name}: its record ${record.name} is damaged`);
    return bytes;
  }

  /** The records as uint8 tensors. */
  async readTensors(records: readonly ZipRecord[], map: boolean): Promise<Handle[]> {
    const regions = records.map((record) => this.region(record));
    const plainOnly = map && !records.some((record) => record.compressed);
    const handles = await this.source.readTensors(regions, { headers: true, map: plainOnly });
    for (const [i, record] of records.entries()) {
      if (!record.compressed) continue;
      const bytes = await this.inflated(record, handles[i]!);
      handles[i] = native.fromBytes(bytes, 'uint8', [bytes.length], 'uint8', null);
    }
    return handles;
  }

  /** The bytes of a record. */
  async read(record: ZipRecord): Promise<Uint8Array> {
    const [handle] = await this.source.readTensors([this.region(record)], { headers: true });
    if (record.compressed) return this.inflated(record, handle!);
    return new Uint8Array(native.toBytes(handle!));
  }
}
