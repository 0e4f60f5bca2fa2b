import { extname } from "node:path";
import { Piscina } from "piscina";
import type { ProviderSettings } from "./config.ts";
import type { EmbeddingOutcome } from "./provider.ts";

/** The embedder workers. */
export interface EmbedderPool extends AsyncDisposable {
  /** One task, one embeddings request. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<EmbeddingOutcome>;
}

export function openPool(settings: ProviderSettings, workers: number, concurrency: number): EmbedderPool {
  const pool = new Piscina<readonly string[], EmbeddingOutcome>({
    // The worker has the ending that this module has: .ts from the sources, .js when built.
    filename: new URL(`./worker${extname(import.meta.filename)}`, import.meta.url).href,
    workerData: settings,
    minThreads: workers,
    maxThreads: workers,
    // Vectors and records lie outside the heap; without a bound V8 would rather grow than collect.
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 },
    concurrentTasksPerWorker: Math.ceil(concurrency / workers),
  });
  return {
    embed: (texts, signal) => unlessAborted(() => pool.run(texts), signal),
    async [Symbol.asyncDispose]() {
      await pool.destroy();
    },
  };
}

/**
 * Rejects when the signal is aborted; the task ends unheard. Piscina itself is not given the signal: it keeps a worker
 * for one task alone that has one, and then the requests of a worker would wait for each other.
 */
async function unlessAborted<Value>(run: () => Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return run();
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([run(), aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
