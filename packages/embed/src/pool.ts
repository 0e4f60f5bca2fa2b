import { extname } from "node:path";
import { Piscina } from "piscina";
import type { ProviderSettings } from "./config.ts";
import type { EmbeddingOutcome } from "./provider.ts";
import type { EmbeddingTask } from "./worker.ts";

/** The embedder workers. */
export interface EmbedderPool extends AsyncDisposable {
  /** @param batch a batch record; copied once, because Kafka's buffer holds more than it */
  embedBatch(batch: Buffer, signal: AbortSignal): Promise<EmbeddingOutcome>;
  embedTexts(texts: string[], signal?: AbortSignal): Promise<EmbeddingOutcome>;
}

export function openPool(settings: ProviderSettings, workers: number, concurrency: number): EmbedderPool {
  const pool = new Piscina<EmbeddingTask, EmbeddingOutcome>({
    // The worker has the ending that this module has: .ts from the sources, .js when built.
    filename: new URL(`./worker${extname(import.meta.filename)}`, import.meta.url).href,
    workerData: settings,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: Math.ceil(concurrency / workers),
  });
  return {
    embedBatch(record, signal) {
      const batch = new Uint8Array(record);
      return pool.run({ batch }, { signal, transferList: [batch.buffer] });
    },
    embedTexts: (texts, signal) => pool.run({ texts }, signal ? { signal } : {}),
    async [Symbol.asyncDispose]() {
      await pool.destroy();
    },
  };
}
