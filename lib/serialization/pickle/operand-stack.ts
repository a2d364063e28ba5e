import type { ByteReader } from './byte-reader.js';

/** The stack of the pickle machine, with its marks. No opcode may take what lies below the last mark. */
export class OperandStack {
  private readonly values: unknown[] = [];
  private readonly marks: number[] = [];

  constructor(
    private readonly reader: ByteReader,
    private readonly maxEntries: number,
  ) {}

  get isEmpty(): boolean {
    return this.values.length === 0 && this.marks.length === 0;
  }

  mark(): true {
    this.checkRoom(this.marks.length);
    this.marks.push(this.values.length);
    return true;
  }

  push(value: unknown): true {
    this.checkRoom(this.values.length);
    this.values.push(value);
    return true;
  }

  top(): unknown {
    this.checkAvailable(1);
    return this.values[this.values.length - 1];
  }

  pop(): unknown {
    this.checkAvailable(1);
    return this.values.pop();
  }

  /** The opcode POP: drops the topmost value, or the mark where that is topmost. */
  drop(): true {
    if (this.marks.length > 0 && this.marks[this.marks.length - 1] === this.values.length) this.marks.pop();
    else this.pop();
    return true;
  }

  /** The last `count` values, in the order they were pushed. */
  popMany(count: number): unknown[] {
    this.checkAvailable(count);
    return this.values.splice(this.values.length - count, count);
  }

  popToMark(): unknown[] {
    const start = this.marks.pop();
    if (start === undefined) throw this.reader.broken('a mark is missing');
    return this.values.splice(start);
  }

  private checkAvailable(count: number): void {
    const available = this.values.length - (this.marks[this.marks.length - 1] ?? 0);
    if (available < count) throw this.reader.broken('a value is missing on the stack');
  }

  private checkRoom(size: number): void {
    if (size >= this.maxEntries) throw this.reader.broken(`more than ${this.maxEntries} values at once`);
  }
}
