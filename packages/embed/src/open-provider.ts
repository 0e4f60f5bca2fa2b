import type { ProviderSettings } from "./config.ts";
import type { EmbedderPool } from "./local/pool.ts";
import type { ApiKey } from "./openai/api-key.ts";
import type { EmbeddingProvider } from "./provider.ts";

export interface OpenProvider extends EmbeddingProvider, AsyncDisposable {
  /** Where vectors are computed here. */
  workers?: Pick<EmbedderPool, "utilization" | "queued">;
}

/**
 * The provider of the configuration. Computing vectors takes threads of its own; asking for them takes none: a thread would
 * only add its heap and its collections (docs/decisions/0010-requests-on-the-main-thread.md).
 *
 * Each is imported when it is the one: the client of OpenAI takes 32 MB.
 */
export async function openProvider(settings: ProviderSettings, workers: number, key: ApiKey): Promise<OpenProvider> {
  if (settings.provider === "openai") {
    const { withCurrentKey } = await import("./openai/with-current-key.ts");
    return { ...withCurrentKey(settings, key), [Symbol.asyncDispose]: async () => undefined };
  }
  const { openPool } = await import("./local/pool.ts");
  const pool = openPool(workers);
  return { embed: pool.embed, workers: pool, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
}
