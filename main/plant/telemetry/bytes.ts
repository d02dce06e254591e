// Writing and reading the telemetry format: little-endian numbers, one after another. A reader never trusts a length.

/** The bytes are not what the format says: cut short, changed, or written by somebody else. */
export class Damaged extends Error {
  override name = 'Damaged';
}

export class ByteWriter {
  bytes = new Uint8Array(1 << 16);
  at = 0;
  private view = new DataView(this.bytes.buffer);

  /** Room for so many more bytes; whoever keeps `bytes` takes it anew afterwards. */
  room(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + more));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  u8(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  u32(value: number): void {
    this.room(4);
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }

  f64(value: number): void {
    this.room(8);
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  u64(value: bigint): void {
    this.room(8);
    this.view.setBigUint64(this.at, value, true);
    this.at += 8;
  }

  /** Seven bits a byte, the lowest first; any whole number up to 2⁵³. */
  varint(value: number): void {
    this.room(8);
    let rest = value;
    while (rest >= 128) {
      this.bytes[this.at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.at++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** UTF-8; UTF-16 where a lone surrogate would be lost. */
  text(text: string): void {
    const whole = text.isWellFormed();
    const bytes = Buffer.from(text, whole ? 'utf8' : 'utf16le');
    this.varint(bytes.length * 2 + (whole ? 0 : 1));
    this.raw(bytes);
  }

  /** A copy of what was written. */
  taken(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.at);
  }
}

export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, at = 0) {
    // Not a Buffer: its slice() is no copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the next so many bytes begin, which are there. */
  take(length: number): number {
    const at = this.at;
    if (length > this.bytes.length - at) throw new Damaged('cut short');
    this.at = at + length;
    return at;
  }

  u8(): number {
    return this.bytes[this.take(1)] as number;
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  f64(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.u8();
      value += (byte & 127) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw new Damaged('a number is too large');
      if (byte < 128) return value;
    }
  }

  raw(length: number): Uint8Array {
    const at = this.take(length);
    return this.bytes.subarray(at, at + length);
  }

  text(): string {
    const mark = this.varint();
    const bytes = this.raw(Math.floor(mark / 2));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(mark % 2 === 0 ? 'utf8' : 'utf16le');
  }
}
