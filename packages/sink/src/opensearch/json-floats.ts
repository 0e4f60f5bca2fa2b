import type { GrowingBuffer } from "./growing-buffer.ts";

/** The longest output of `toPrecision(9)` plus a comma: "-1.23456789e-45,". */
const FLOAT_MAX_BYTES = 17;
/** Nearly all components of embeddings are in this range. */
const [LEAST, MOST] = [1e-5, 1];
const NINE_DIGITS = 1e9;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** The numbers 0 to 999 as three digits each, concatenated. */
const triples = Buffer.from(Array.from({ length: 1_000 }, (_, value) => String(value).padStart(3, "0")).join(""));

/**
 * Writes an array of float32 with nine significant digits, from which each float32 round-trips; a double's seventeen would
 * cost a third more on both sides. The ninth digit may be off by one from a double's rounding; a float32 needs only a
 * sixth of that precision.
 *
 * @param floats little-endian, possibly unaligned
 */
export function writeJsonFloats(to: GrowingBuffer, floats: Uint8Array): void {
  const values = new DataView(floats.buffer, floats.byteOffset, floats.byteLength);
  const count = values.byteLength / Float32Array.BYTES_PER_ELEMENT;
  to.reserve(2 + FLOAT_MAX_BYTES * count);
  const { bytes } = to;
  let at = to.length;
  bytes[at++] = OPEN;
  for (let index = 0; index < count; index++) {
    at = writeFloat(bytes, at, values.getFloat32(index * Float32Array.BYTES_PER_ELEMENT, true));
    bytes[at++] = COMMA;
  }
  // Overwrites the last comma; an empty array has none.
  if (count > 0) at--;
  bytes[at++] = CLOSE;
  to.length = at;
}

function writeFloat(bytes: Buffer, start: number, value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude >= LEAST && magnitude < MOST)) return start + bytes.write(anyFloat(value), start, "latin1");
  let scaled = magnitude * NINE_DIGITS;
  let zeros = 0;
  for (; scaled < NINE_DIGITS / 10; zeros++) scaled *= 10;
  // No float32 in this range is close enough below a power of ten for rounding to produce a tenth digit.
  const digits = (scaled + 0.5) | 0;
  let at = start;
  if (value < 0) bytes[at++] = MINUS;
  bytes[at++] = ZERO;
  bytes[at++] = POINT;
  for (; zeros > 0; zeros--) bytes[at++] = ZERO;
  const thousands = (digits / 1_000) | 0;
  const millions = (thousands / 1_000) | 0;
  writeTriple(bytes, at, millions);
  writeTriple(bytes, at + 3, thousands - 1_000 * millions);
  writeTriple(bytes, at + 6, digits - 1_000 * thousands);
  return at + 9;
}

function writeTriple(bytes: Buffer, at: number, value: number): void {
  const from = 3 * value;
  bytes[at] = triples[from] ?? 0;
  bytes[at + 1] = triples[from + 1] ?? 0;
  bytes[at + 2] = triples[from + 2] ?? 0;
}

/** NaN and infinities become words that no JSON parser accepts, so that OpenSearch rejects their document. */
function anyFloat(value: number): string {
  return Object.is(value, -0) ? "-0.0" : value.toPrecision(9);
}
