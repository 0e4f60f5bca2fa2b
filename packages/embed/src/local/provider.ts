import { poison } from "@millrace/shared";
import type { EmbeddingProvider } from "../provider.ts";
import { loadStaticEmbedder } from "./static-embedder.ts";

/** The static sentence embedder of this package: no key, no network, no model server. */
export function createLocalProvider(): EmbeddingProvider {
  const embedder = loadStaticEmbedder();
  const { model, dimensions } = embedder;
  return {
    async embed(texts) {
      const { vectors, failed } = embedder.embed(texts);
      return {
        model,
        dimensions,
        vectors: failed.length === 0 ? vectors : withoutRows(vectors, dimensions, new Set(failed)),
        failed: failed.map((index) => ({ index, fault: poison("invalid", "the text has no word to embed") })),
      };
    },
  };
}

function withoutRows(vectors: Float32Array<ArrayBuffer>, dimensions: number, rows: ReadonlySet<number>) {
  const kept = new Float32Array(vectors.length - rows.size * dimensions);
  let position = 0;
  for (let row = 0; row * dimensions < vectors.length; row++) {
    if (rows.has(row)) continue;
    kept.set(vectors.subarray(row * dimensions, (row + 1) * dimensions), position);
    position += dimensions;
  }
  return kept;
}
