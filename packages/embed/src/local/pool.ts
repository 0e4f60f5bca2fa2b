import { extname } from "node:path";
import { Piscina } from "piscina";
import { BATCHES_PER_WORKER } from "../config.ts";
import type { OpenProvider, ProviderAnswer } from "../provider.ts";

/** Opens a pool of threads that compute vectors. */
export function openPool(workers: number): OpenProvider {
  const pool = new Piscina<readonly string[], ProviderAnswer>({
    // The worker has this module's extension: .ts in the sources, .js in the build.
    filename: new URL(`./worker${extname(import.meta.filename)}`, import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    // Vectors are outside the heap; without a limit V8 would rather grow than collect.
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
 * Rejects when the signal is aborted and ignores the task's result. The signal is not passed to piscina, which would
 * dedicate a worker to each task that has one.
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
