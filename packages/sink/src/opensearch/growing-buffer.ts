const INITIAL_BYTES = 65_536;

/** A reusable buffer for consecutive writes that doubles when full. */
export class GrowingBuffer {
  /** Valid up to `length`; `reserve` may replace the buffer. */
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  length = 0;

  get written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Makes room for `count` more bytes, so that a loop may write them without checks. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** @param byteLength the text's length in UTF-8, if known */
  text(text: string, byteLength = Buffer.byteLength(text)): void {
    this.reserve(byteLength);
    this.length += this.bytes.write(text, this.length);
  }
}
