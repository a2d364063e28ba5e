import { FileFormatError } from '../../errors.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Longest number written as text that is parsed; Python itself stops at 4,300 digits. */
const maxNumberDigits = 4300;
/** Longest binary integer that is read, in bytes. */
const maxLongBytes = 2048;

/** A cursor over pickle bytes: every length is checked against what is left before anything is taken. */
export class ByteReader {
  position = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The error for broken input at the current position. */
  broken(reason: string): FileFormatError {
    return new FileFormatError(`${this.name} is not a valid pickle: ${reason} (at byte ${this.position})`);
  }

  private take(length: number): number {
    const start = this.position;
    if (!(length >= 0) || length > this.bytes.length - start) {
      throw this.broken(
        `${length} bytes were expected, ${this.bytes.length - start} are left: it is truncated`,
      );
    }
    this.position = start + length;
    return start;
  }

  uint8(): number {
    return this.view.getUint8(this.take(1));
  }

  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  uint64(): number {
    const value = this.view.getBigUint64(this.take(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.broken(`a length of ${value} bytes`);
    return Number(value);
  }

  /** Big-endian, as pickle writes doubles. */
  float64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  /** A window on the input, not a copy. */
  window(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    const window = this.window(length);
    try {
      return utf8.decode(window);
    } catch {
      const text = decodeSurrogates(window);
      if (text === undefined) throw this.broken('a string is not valid UTF-8');
      return text;
    }
  }

  latin1(length: number): string {
    const window = this.window(length);
    return Buffer.from(window.buffer, window.byteOffset, window.byteLength).toString('latin1');
  }

  /** Bytes up to the next line feed (which is consumed), as latin-1. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw this.broken('a line without an end: it is truncated');
    const text = this.latin1(end - this.position);
    this.position++;
    return text;
  }

  /** A decimal integer on a line of its own; `number` where it is exact, else `bigint`. */
  decimalLine(): number | bigint {
    const text = this.line().trim().replace(/L$/, '');
    if (text.length > maxNumberDigits || !/^[+-]?\d+$/.test(text))
      throw this.broken('an integer that is none');
    return narrow(BigInt(text.replace(/^\+/, '')));
  }

  /** The argument of INT, which also writes booleans. */
  intLine(): number | bigint | boolean {
    const start = this.position;
    const text = this.line();
    if (text === '00' || text === '01') return text === '01';
    this.position = start;
    return this.decimalLine();
  }

  /** The argument of FLOAT. */
  floatLine(): number {
    const text = this.line().trim();
    const named: Record<string, number> = {
      inf: Infinity,
      '-inf': -Infinity,
      nan: Number.NaN,
      '-nan': Number.NaN,
    };
    const value = named[text] ?? Number(text);
    if (text === '' || (Number.isNaN(value) && !(text in named))) throw this.broken('a float that is none');
    return value;
  }

  /** A little-endian two's complement integer of `length` bytes. */
  long(length: number): number | bigint {
    if (length > maxLongBytes) throw this.broken(`an integer of ${length} bytes`);
    const window = this.window(length);
    if (length === 0) return 0;
    const reversed = Buffer.from(window).reverse();
    return narrow(BigInt.asIntN(length * 8, BigInt(`0x${reversed.toString('hex')}`)));
  }
}

function narrow(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/** UTF-8 in which Python wrote lone surrogates, each as three bytes; `undefined` where it is not that either. */
function decodeSurrogates(bytes: Uint8Array): string | undefined {
  let text = '';
  let start = 0;
  try {
    for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
      const [, second = 0, third = 0] = bytes.subarray(at, at + 3);
      if (second < 0xa0 || second > 0xbf || (third & 0xc0) !== 0x80) continue;
      text += utf8.decode(bytes.subarray(start, at));
      text += String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
      start = at + 3;
    }
    return text + utf8.decode(bytes.subarray(start));
  } catch {
    return undefined;
  }
}
