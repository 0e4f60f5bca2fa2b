import { retryable } from "@millrace/shared";
import type { ProviderSettings } from "../config.ts";
import type { EmbeddingProvider } from "../provider.ts";
import type { ApiKey } from "./api-key.ts";
import { createOpenAIProvider } from "./provider.ts";

/** Sends each request with the current key. A client is reused until the key is rotated. */
export function withCurrentKey(
  settings: Extract<ProviderSettings, { provider: "openai" }>,
  key: ApiKey,
): EmbeddingProvider {
  let client: { apiKey: string; provider: EmbeddingProvider } | undefined;
  const providerFor = (apiKey: string): EmbeddingProvider => {
    if (client?.apiKey !== apiKey) client = { apiKey, provider: createOpenAIProvider({ ...settings, apiKey }) };
    return client.provider;
  };
  return {
    async embed(texts, options) {
      const apiKey = key.current;
      if (apiKey === undefined) return { fault: retryable("misconfigured", "the API key has not been read yet") };
      const outcome = await providerFor(apiKey).embed(texts, options);
      // A wrong key never makes a message poison: the batch waits, and its next attempt uses the key current by then.
      if ("fault" in outcome && outcome.fault.code === "misconfigured") await key.refused(apiKey);
      return outcome;
    },
  };
}
