import { extname } from "node:path";
import { Piscina } from "piscina";
import { BATCHES_PER_WORKER } from "../config.ts";
import type { OpenProvider, ProviderAnswer } from "../provider.ts";

/** Threads that compute vectors. */
export function openPool(workers: number): OpenProvider {
  const pool = new Piscina<readonly string[], ProviderAnswer>({
    // The worker has the ending that this module has: .ts from the sources, .js when built.
    filename: new URL(`./worker${extname(import.meta.filename)}`, import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    // Vectors lie outside the heap; without a bound V8 would rather grow than collect.
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 4 },
    concurrentTasksPerWorker: BATCHES_PER_WORKER,
  });
  return {
    embed: (texts, { signal } = {}) => unlessAborted(() => pool.run(texts), signal),
    async [Symbol.asyncDispose]() {
      await pool.destroy();
    },
  };
}

/**
 * Rejects when the signal is aborted; the task ends unheard. Piscina itself is not given the signal: it keeps a worker
 * for one task alone that has one.
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
