import { readFileSync } from "node:fs";
import { LOCAL_DIMENSIONS } from "@millrace/shared";
import { type PackedRows, packRows, sumRows } from "./row-sums.ts";
import { readSafetensors } from "./safetensors.ts";
import { WordPieceTokenizer } from "./word-piece.ts";

const model = "static-minilm-l6-256";
const dimensions = LOCAL_DIMENSIONS;
// Sources and build output lie equally deep, so one relative address serves src/local and dist/local.
const modelFolder = new URL("../../model/", import.meta.url);

export interface Embeddings {
  /** texts × dimensions, row-major; each row has length 1, or is all zeros where its text failed. */
  vectors: Float32Array<ArrayBuffer>;
  /** Ascending indices of the texts without a direction: those without any token. */
  failed: number[];
}

export interface StaticEmbedder {
  readonly model: string;
  readonly dimensions: number;
  /** Any string is welcome, at any length. A text's vector does not depend on the texts beside it. */
  embed(texts: readonly string[]): Embeddings;
  countTokens(text: string): number;
}

/**
 * A sentence embedder without a model server: each word piece has one vector, and a text's vector is the mean of its
 * pieces' vectors, made one long. Reads 8 MB, which takes some tens of milliseconds: load it once per thread.
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

/** pieces × dimensions. The file's `scale` is left unread: with the count of tokens it cancels out of the direction. */
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

/** Writes sums ÷ their length to `vectors` at `offset`; false, and nothing written, where they have no direction. */
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
