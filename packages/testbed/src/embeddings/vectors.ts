import { hash } from "node:crypto";
import { seededRandom } from "../seeded-random.ts";

/** A vector is a few numbers of the text's own, followed by segments from precomputed pools. */
const OWN_NUMBERS = 3;
const SEGMENTS = 4;
const POOL_SIZE = 256;

/** The same numbers in each form in which the API sends them. */
interface Segment {
  numbers: Float32Array;
  base64: string;
  json: string;
}

/** The fewest dimensions that give every segment three numbers, so that base64 can be cut between them. */
export const DIMENSIONS_MIN = OWN_NUMBERS + SEGMENTS * 3;

/**
 * The vectors that the server assigns to texts: of length close to 1, unique to each text (72 bits of its SHA-256), the
 * same in every run, and cheap, since all but the first numbers are only concatenated.
 */
export class VectorSpace {
  readonly dimensions: number;
  #pools: readonly (readonly Segment[])[];

  constructor(dimensions: number) {
    if (dimensions < DIMENSIONS_MIN) throw new RangeError(`${dimensions} dimensions are fewer than ${DIMENSIONS_MIN}`);
    this.dimensions = dimensions;
    const random = seededRandom(dimensions);
    this.#pools = segmentLengths(dimensions).map((length) =>
      Array.from({ length: POOL_SIZE }, () => newSegment(length, this.#scale, random)),
    );
  }

  vectorOf(text: string): Float32Array<ArrayBuffer> {
    const digest = digestOf(text);
    const vector = new Float32Array(this.dimensions);
    vector.set(this.#ownNumbers(digest));
    let position = OWN_NUMBERS;
    for (const { numbers } of this.#segments(digest)) {
      vector.set(numbers, position);
      position += numbers.length;
    }
    return vector;
  }

  /** Base64 of little-endian float32, for `encoding_format: "base64"`. */
  base64Of(text: string): string {
    const digest = digestOf(text);
    return this.#segments(digest).reduce((all, { base64 }) => all + base64, base64Of(this.#ownNumbers(digest)));
  }

  /** A JSON array, for `encoding_format: "float"`. */
  jsonOf(text: string): string {
    const digest = digestOf(text);
    return `[${[jsonOf(this.#ownNumbers(digest)), ...this.#segments(digest).map(({ json }) => json)].join()}]`;
  }

  get #scale(): number {
    return Math.sqrt(3 / this.dimensions);
  }

  #ownNumbers(digest: Buffer): Float32Array {
    return Float32Array.from(
      { length: OWN_NUMBERS },
      (_, index) => (digest.readInt32LE(index * 4) / 2 ** 31) * this.#scale,
    );
  }

  #segments(digest: Buffer): Segment[] {
    return this.#pools.flatMap((pool, place) => pool[digest[OWN_NUMBERS * 4 + place] ?? 0] ?? []);
  }
}

/** The server's name of a text. */
export function textHash(text: string): string {
  return hash("sha256", text, "base64url");
}

function digestOf(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

/** Whole groups of three numbers (twelve bytes, sixteen characters of base64), with the rest in the last segment. */
function segmentLengths(dimensions: number): number[] {
  const rest = dimensions - OWN_NUMBERS;
  const length = Math.floor(rest / SEGMENTS / 3) * 3;
  return [...Array.from({ length: SEGMENTS - 1 }, () => length), rest - (SEGMENTS - 1) * length];
}

/** Both texts are created lazily: a run uses only one of them. */
function newSegment(length: number, scale: number, random: () => number): Segment {
  const numbers = Float32Array.from({ length }, () => (2 * random() - 1) * scale);
  let base64: string | undefined;
  let json: string | undefined;
  return {
    numbers,
    get base64() {
      base64 ??= base64Of(numbers);
      return base64;
    },
    get json() {
      json ??= jsonOf(numbers);
      return json;
    },
  };
}

export function base64Of(numbers: Float32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("base64");
}

/** Nine digits distinguish every float32 from its neighbours. */
function jsonOf(numbers: Float32Array): string {
  return Array.from(numbers, (number) => Number(number.toPrecision(9))).join();
}
