const INITIAL_BYTES = 65_536;

/** Bytes that are written one after another. It doubles when it is full, and is made to be used again. */
export class GrowingBuffer {
  /** Valid up to `length`; another buffer after a `reserve`. */
  bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  length = 0;

  get written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  /** Makes room for `count` more bytes, so that a loop may write them without looking. */
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

  /** @param byteLength the text's length in UTF-8, where the caller knows it */
  text(text: string, byteLength = Buffer.byteLength(text)): void {
    this.reserve(byteLength);
    this.length += this.bytes.write(text, this.length);
  }
}
