import type { EmbeddedMessage } from "../packages/sink/src/sink.ts";
import { seededRandom } from "../packages/testbed/src/index.ts";

const WORDS = "the price of a crossing depends on how many lorries wait at the gate and who pays for the bridge".split(
  " ",
);
const TEXT_WORDS = 50;

/** Messages with texts of about 250 characters and vectors of length 1, identical in every run. */
export function madeUpMessages(count: number, dimensions: number): EmbeddedMessage[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, offset) => {
    const words = Array.from({ length: TEXT_WORDS }, () => WORDS[Math.floor(random() * WORDS.length)]);
    const text = Buffer.from(words.join(" "));
    return {
      topic: "messages",
      partition: offset % 8,
      offset,
      timestampMs: 1_700_000_000_000 + offset,
      key: Buffer.from(`customer-${offset % 1_000}`),
      headers: [],
      value: text,
      text,
      model: "text-embedding-3-small",
      dimensions,
      vector: Buffer.from(unitVector(dimensions, random).buffer),
    };
  });
}

function unitVector(dimensions: number, random: () => number): Float32Array<ArrayBuffer> {
  const vector = Float32Array.from({ length: dimensions }, () => random() + random() + random() - 1.5);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
