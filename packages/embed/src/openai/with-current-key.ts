import { retryable } from "@millrace/shared";
import type { ProviderSettings } from "../config.ts";
import type { EmbeddingProvider } from "../provider.ts";
import type { ApiKey } from "./api-key.ts";
import { createOpenAIProvider } from "./provider.ts";

/** Asks with the key that there is by then: a client lasts for many requests, and a rotated key makes another one. */
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
      if (apiKey === undefined) return { fault: retryable("misconfigured", "the key of the API was not read yet") };
      const outcome = await providerFor(apiKey).embed(texts, options);
      // A wrong key is nobody's poison: the batch waits, and its next attempt has the key that there is by then.
      if ("fault" in outcome && outcome.fault.code === "misconfigured") await key.refused(apiKey);
      return outcome;
    },
  };
}
