/** Bytes that grow. */
export class ByteWriter {
  private bytes = Buffer.allocUnsafe(4096);
  private length = 0;

  private room(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.length, this.bytes.length * 2));
      this.bytes.copy(grown, 0, 0, start);
      this.bytes = grown;
    }
    return start;
  }

  uint8(value: number): this {
    const at = this.room(1);
    this.bytes[at] = value;
    return this;
  }
  uint16(value: number): this {
    const at = this.room(2);
    this.bytes.writeUInt16LE(value, at);
    return this;
  }
  int32(value: number): this {
    const at = this.room(4);
    this.bytes.writeInt32LE(value, at);
    return this;
  }
  uint32(value: number): this {
    const at = this.room(4);
    this.bytes.writeUInt32LE(value, at);
    return this;
  }
  /** Big-endian, as pickle has doubles. */
  float64(value: number): this {
    const at = this.room(8);
    this.bytes.writeDoubleBE(value, at);
    return this;
  }
  raw(bytes: Uint8Array): this {
    const at = this.room(bytes.length);
    this.bytes.set(bytes, at);
    return this;
  }
  ascii(text: string): this {
    const at = this.room(text.length);
    this.bytes.write(text, at, 'latin1');
    return this;
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
