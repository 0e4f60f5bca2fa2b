import type { ProviderSettings } from "./config.ts";
import type { ApiKey } from "./openai/api-key.ts";
import type { OpenProvider } from "./provider.ts";

/**
 * Opens the configured provider. The local one computes in worker threads; requests to an API run on the main thread, where
 * a worker would only add a heap and garbage collections (docs/decisions/0010-requests-on-the-main-thread.md).
 *
 * Imports only the configured one: the OpenAI client takes 32 MB.
 */
export async function openProvider(settings: ProviderSettings, workers: number, key: ApiKey): Promise<OpenProvider> {
  if (settings.provider === "openai") {
    const { withCurrentKey } = await import("./openai/with-current-key.ts");
    return { ...withCurrentKey(settings, key), [Symbol.asyncDispose]: async () => undefined };
  }
  const { openPool } = await import("./local/pool.ts");
  return openPool(workers);
}
