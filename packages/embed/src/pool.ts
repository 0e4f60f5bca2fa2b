import { extname } from "node:path";
import { retryable } from "@millrace/shared";
import { Piscina } from "piscina";
import type { ProviderSettings } from "./config.ts";
import { type ApiKey, fixedKey } from "./openai/api-key.ts";
import type { ProviderAnswer } from "./provider.ts";

export interface EmbedTask {
  texts: readonly string[];
  /** The API's key as it is now; absent for the local provider. */
  apiKey?: string;
}

/** The embedder workers. */
export interface EmbedderPool extends AsyncDisposable {
  /** One task, one embeddings request. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<ProviderAnswer>;
  /** The share of the workers' time since the start in which they worked, from 0 to 1. */
  readonly utilization: number;
  /** Tasks that wait for a worker. */
  readonly queued: number;
}

/** @param key of the API; it goes to the workers with each task, so that a rotated one needs no new workers */
export function openPool(
  settings: ProviderSettings,
  workers: number,
  concurrency: number,
  key: ApiKey = fixedKey(settings.provider === "openai" ? settings.apiKey : undefined),
): EmbedderPool {
  const pool = new Piscina<EmbedTask, ProviderAnswer>({
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
    async embed(texts, signal) {
      if (settings.provider === "local") return unlessAborted(() => pool.run({ texts }), signal);
      const apiKey = key.current;
      if (apiKey === undefined) return { fault: retryable("misconfigured", "the key of the API was not read yet") };
      const outcome = await unlessAborted(() => pool.run({ texts, apiKey }), signal);
      // A wrong key is nobody's poison: the batch waits, and its next attempt has the key that there is by then.
      if ("fault" in outcome && outcome.fault.code === "misconfigured") await key.refused(apiKey);
      return outcome;
    },
    get utilization() {
      return pool.utilization;
    },
    get queued() {
      return pool.queueSize;
    },
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
