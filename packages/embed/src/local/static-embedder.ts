import { readFileSync } from "node:fs";
import { LOCAL_DIMENSIONS } from "@millrace/shared";
import { type PackedRows, packRows, sumRows } from "./row-sums.ts";
import { readSafetensors } from "./safetensors.ts";
import { WordPieceTokenizer } from "./word-piece.ts";

const model = "static-minilm-l6-256";
const dimensions = LOCAL_DIMENSIONS;
// src/local and dist/local are equally deep, so one relative URL serves both.
const modelFolder = new URL("../../model/", import.meta.url);

export interface Embeddings {
  /** texts × dimensions, row-major; each row has length 1, or is all zeros if its text failed. */
  vectors: Float32Array<ArrayBuffer>;
  /** Ascending indices of the texts without any token, which have no direction. */
  failed: number[];
}

export interface StaticEmbedder {
  readonly model: string;
  readonly dimensions: number;
  /** Accepts strings of any length. A text's vector is independent of the other texts. */
  embed(texts: readonly string[]): Embeddings;
  countTokens(text: string): number;
}

/**
 * A sentence embedder without a model server: each word piece has one vector, and a text's vector is the mean of its
 * pieces' vectors, normalized to length 1. Reads 8 MB, which takes some tens of milliseconds: load it once per thread.
 */
export function loadStaticEmbedder(): StaticEmbedder {
  const pieces = readFileSync(new URL("vocab.txt", modelFolder), "utf8").trimEnd().split("\n");
  const tokenizer = new WordPieceTokenizer(pieces);
  const table = readTable(pieces.length);
  const sums = new Int32Array(dimensions);

  return {
    model,
    dimensions,
    countTokens: (text) => tokenizer.tokenize(text),
    embed(texts) {
      const vectors = new Float32Array(texts.length * dimensions);
      const failed: number[] = [];
      texts.forEach((text, index) => {
        sumRows(table, tokenizer.ids, tokenizer.tokenize(text), sums);
        if (!writeDirection(sums, vectors, index * dimensions)) failed.push(index);
      });
      return { vectors, failed };
    },
  };
}

/** pieces × dimensions. Ignores the file's `scale`: like the number of tokens, it cancels out of the direction. */
function readTable(pieceCount: number): PackedRows {
  const file = new URL(`${model}.safetensors`, modelFolder);
  const vectors = readSafetensors(file).get("vectors");
  if (!(vectors?.data instanceof Int8Array)) throw new Error(`${file} has no int8 tensor "vectors".`);
  const [rows, columns] = vectors.shape;
  if (rows !== pieceCount || columns !== dimensions) {
    throw new Error(`${file} has vectors of shape ${vectors.shape} instead of ${pieceCount},${dimensions}.`);
  }
  return packRows(vectors.data, dimensions);
}

/** Writes the normalized sums to `vectors` at `offset`; returns false, and writes nothing, if all are zero. */
function writeDirection(sums: Int32Array, vectors: Float32Array, offset: number): boolean {
  let squares = 0;
  for (let dimension = 0; dimension < dimensions; dimension += 1) squares += (sums[dimension] ?? 0) ** 2;
  if (squares === 0) return false;
  const inverseLength = 1 / Math.sqrt(squares);
  for (let dimension = 0; dimension < dimensions; dimension += 1) {
    vectors[offset + dimension] = (sums[dimension] ?? 0) * inverseLength;
  }
  return true;
}
