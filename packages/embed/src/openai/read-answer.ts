import { type RetryableFault, retryable } from "@millrace/shared";
import { z } from "zod";
import type { Allocate, Embedded } from "../provider.ts";

const NAME = Buffer.from('"embedding"');
const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;
const PADDING = 0x3d;
/** All ones in a float32: not a finite number. */
const EXPONENT = 0x7f80_0000;

/** What an answer is made of, besides the vectors; each of those is replaced by its number. */
const answerSchema = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.string().regex(/^\d+$/).transform(Number) })),
  // Some servers don't count.
  usage: z.object({ total_tokens: z.int().nonnegative().optional() }).optional(),
});

interface Expected {
  count: number;
  model: string;
  /** The server's own where absent. */
  dimensions?: number | undefined;
}

interface Answer {
  embedded: Embedded;
  /** That were paid for, where the server says. */
  tokens: number | undefined;
}

/**
 * Reads the body of an answer: the vectors go from its bytes into one array of float32, and no more than one is a text at a
 * time, at a quarter of the cost. Nothing of it is believed: its count, order, dimensions and numbers are checked.
 */
export function readAnswer(
  body: Buffer,
  { count, model, dimensions }: Expected,
  allocate: Allocate,
): Answer | { fault: RetryableFault } {
  const { skeleton, vectors: encoded } = takeVectorsOut(body);
  const parsed = answerSchema.safeParse(parseJson(skeleton));
  if (!parsed.success) return wrong("what is no list of vectors as base64");
  const { data, usage } = parsed.data;
  if (data.length !== count) return wrong(`${data.length} vectors for ${count} texts`);
  const rows = new Map(data.map(({ index, embedding }) => [index, encoded[embedding]]));
  const bytes = decodedLength(body, rows.get(0));
  const own = bytes / 4;
  const expected = dimensions ?? own;
  if (bytes === 0 || own !== expected || !Number.isInteger(own))
    return wrong(`vectors of ${own} dimensions instead of ${expected}`);
  const vectors = allocate(count * own);
  const target = Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  for (let index = 0; index < count; index++) {
    const row = rows.get(index);
    const isWhole = row && decodedLength(body, row) === bytes && decode(body, row, target, index * bytes) === bytes;
    if (!isWhole) return wrong(`no vector of ${own} dimensions for text ${index}`);
  }
  if (!areFinite(vectors)) return wrong("a vector with a number that is not finite");
  return { embedded: { model, dimensions: own, vectors, failed: [] }, tokens: usage?.total_tokens };
}

type Range = [start: number, end: number];

/** The bytes that base64 stands for, if it is well-formed. */
function decodedLength(body: Buffer, [start, end]: Range = [0, 0]): number {
  const padding = [end - 1, end - 2].filter((at) => at >= start && body[at] === PADDING).length;
  return Math.floor(((end - start - padding) * 3) / 4);
}

/** Returns how many bytes it stood for. */
function decode(body: Buffer, [start, end]: Range, target: Buffer, at: number): number {
  return target.write(body.toString("latin1", start, end), at, "base64");
}

/** The body's JSON with a number instead of each text named `embedding`, and where these texts lie, by their numbers. */
function takeVectorsOut(body: Buffer): { skeleton: string; vectors: Range[] } {
  const vectors: Range[] = [];
  let skeleton = "";
  let taken = 0;
  for (let name = body.indexOf(NAME); name >= 0; name = body.indexOf(NAME, name + NAME.length)) {
    const colon = skipSpace(body, name + NAME.length);
    const start = skipSpace(body, colon + 1) + 1;
    if (body[colon] !== COLON || body[start - 1] !== QUOTE) continue;
    const end = body.indexOf(QUOTE, start);
    if (end < 0) break;
    skeleton += `${body.toString("utf8", taken, start)}${vectors.length}`;
    vectors.push([start, end]);
    taken = end;
    name = end;
  }
  return { skeleton: skeleton + body.toString("utf8", taken), vectors };
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  while ((body[at] ?? QUOTE) <= SPACE) at++;
  return at;
}

function areFinite(vectors: Float32Array): boolean {
  const words = new Uint32Array(vectors.buffer, vectors.byteOffset, vectors.length);
  for (let index = 0; index < words.length; index++) if (((words[index] ?? 0) & EXPONENT) === EXPONENT) return false;
  return true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wrong(what: string): { fault: RetryableFault } {
  return { fault: retryable("unavailable", `the embeddings API answered with ${what}`) };
}
