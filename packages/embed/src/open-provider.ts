import type { ProviderSettings } from "./config.ts";
import type { ApiKey } from "./openai/api-key.ts";
import type { OpenProvider } from "./provider.ts";

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
  return openPool(workers);
}
