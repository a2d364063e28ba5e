/**
 * Writes zip archives as LibTorch does: nothing compressed, every record at a multiple of 64 bytes so
 * that a mapped file has aligned tensors, sizes and checksums after the data.
 */

/** Where data begin in the file. */
export const alignment = 64;

const all32 = 0xffffffff;
/** UTF-8 names; sizes and checksum follow the data. */
const flags = 0x0808;

/** A record whose place is fixed. */
export interface PlacedRecord {
  readonly name: string;
  readonly size: number;
  readonly headerOffset: number;
  readonly dataOffset: number;
  /** Everything between the end of the record before and the data. */
  readonly header: Buffer;
}

function padding(length: number): Buffer {
  const field = Buffer.alloc(4 + length, 'Z');
  field.write('FB', 0, 'latin1');
  field.writeUInt16LE(length, 2);
  return field;
}

/** Plans an archive record by record, then writes its directory. */
export class ZipLayout {
  private end = 0;
  private directoryLength = 0;
  private readonly entries: Buffer[] = [];

  /** The place of the next record. */
  place(name: string, size: number): PlacedRecord {
    const nameBytes = Buffer.from(name, 'utf8');
    const headerOffset = this.end;
    const wideFields = size >= all32 ? [size, size] : [];
    if (headerOffset >= all32) wideFields.push(headerOffset);
    const wide = this.wide(wideFields);
    const start = headerOffset + 30 + nameBytes.length + wide.length + 4;
    const pad = (alignment - (start % alignment)) % alignment;
    const fixed = Buffer.alloc(30);
    fixed.writeUInt32LE(0x04034b50, 0);
    fixed.writeUInt16LE(flags, 6);
    fixed.writeUInt16LE(nameBytes.length, 26);
    fixed.writeUInt16LE(wide.length + 4 + pad, 28);
    const record: PlacedRecord = {
      name,
      size,
      headerOffset,
      dataOffset: start + pad,
      header: Buffer.concat([fixed, nameBytes, wide, padding(pad)]),
    };
    // An empty record has nothing after it.
    const trailer = size === 0 ? 0 : this.isWide(record) ? 24 : 16;
    this.end = record.dataOffset + size + trailer;
    this.directoryLength += 46 + nameBytes.length + wide.length;
    return record;
  }

  private isWide(record: PlacedRecord): boolean {
    return record.size >= all32 || record.headerOffset >= all32;
  }

  private wide(values: readonly number[]): Buffer {
    if (values.length === 0) return Buffer.alloc(0);
    const field = Buffer.alloc(4 + values.length * 8);
    field.writeUInt16LE(1, 0);
    field.writeUInt16LE(values.length * 8, 2);
    for (const [i, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
    return field;
  }

  /** What follows the data of a record: sizes and checksum. Also lists it in the directory. */
  trailer(record: PlacedRecord, crc: number): Buffer {
    this.list(record, crc);
    if (record.size === 0) return Buffer.alloc(0);
    const isWide = this.isWide(record);
    const trailer = Buffer.alloc(isWide ? 24 : 16);
    trailer.writeUInt32LE(0x08074b50, 0);
    trailer.writeUInt32LE(crc, 4);
    if (isWide) {
      trailer.writeBigUInt64LE(BigInt(record.size), 8);
      trailer.writeBigUInt64LE(BigInt(record.size), 16);
    } else {
      trailer.writeUInt32LE(record.size, 8);
      trailer.writeUInt32LE(record.size, 12);
    }
    return trailer;
  }

  private list(record: PlacedRecord, crc: number): void {
    const nameBytes = Buffer.from(record.name, 'utf8');
    const values = record.size >= all32 ? [record.size, record.size] : [];
    if (record.headerOffset >= all32) values.push(record.headerOffset);
    const wide = this.wide(values);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt32LE(crc, 16);
    entry.writeUInt32LE(Math.min(record.size, all32), 20);
    entry.writeUInt32LE(Math.min(record.size, all32), 24);
    entry.writeUInt16LE(nameBytes.length, 28);
    entry.writeUInt16LE(wide.length, 30);
    entry.writeUInt32LE(Math.min(record.headerOffset, all32), 42);
    this.entries.push(Buffer.concat([entry, nameBytes, wide]));
  }

  /** Bytes of the whole archive as it is planned. */
  get length(): number {
    return this.end + this.directoryLength + 56 + 20 + 22;
  }

  /** The directory, which ends the archive. */
  directory(): Buffer {
    const list = Buffer.concat(this.entries);
    const count = BigInt(this.entries.length);
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    end64.writeUInt16LE(45, 12);
    end64.writeUInt16LE(45, 14);
    end64.writeBigUInt64LE(count, 24);
    end64.writeBigUInt64LE(count, 32);
    end64.writeBigUInt64LE(BigInt(list.length), 40);
    end64.writeBigUInt64LE(BigInt(this.end), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(this.end + list.length), 8);
    locator.writeUInt32LE(1, 16);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(Math.min(this.entries.length, 0xffff), 8);
    end.writeUInt16LE(Math.min(this.entries.length, 0xffff), 10);
    end.writeUInt32LE(Math.min(list.length, all32), 12);
    end.writeUInt32LE(Math.min(this.end, all32), 16);
    return Buffer.concat([list, end64, locator, end]);
  }
}
