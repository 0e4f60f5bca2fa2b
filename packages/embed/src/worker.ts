import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import type { ProviderSettings } from "./config.ts";
import { createLocalProvider } from "./local/provider.ts";
import { createOpenAIProvider } from "./openai/provider.ts";
import type { EmbedTask } from "./pool.ts";
import type { EmbeddingProvider, ProviderAnswer } from "./provider.ts";

// What a worker needs of the shared package comes from its fault module: the whole of it, with the clients of every service, would
// take 50 MB in each worker.
const settings = workerData as unknown as ProviderSettings;
let open: { provider: EmbeddingProvider; apiKey: string | undefined } | undefined;

/** A key lasts for many tasks; when it was rotated, the next task brings the new one along. */
function providerFor(apiKey: string | undefined): EmbeddingProvider {
  if (open === undefined || open.apiKey !== apiKey) open = { provider: openProvider(apiKey), apiKey };
  return open.provider;
}

function openProvider(apiKey = ""): EmbeddingProvider {
  return settings.provider === "local" ? createLocalProvider() : createOpenAIProvider({ ...settings, apiKey });
}

/** One task = one batch = one embeddings request. The vectors' memory is moved back, not copied. */
export default async function embed({ texts, apiKey }: EmbedTask): Promise<ProviderAnswer> {
  const outcome = await providerFor(apiKey).embed(texts);
  if ("fault" in outcome) return outcome;
  const moved = { [transferableSymbol]: outcome.vectors.buffer, [valueSymbol]: outcome };
  return move(moved as unknown as Parameters<typeof move>[0]) as unknown as ProviderAnswer;
}
