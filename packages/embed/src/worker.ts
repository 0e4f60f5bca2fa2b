import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import type { ProviderSettings } from "./config.ts";
import { createLocalProvider } from "./local/provider.ts";
import { createOpenAIProvider } from "./openai/provider.ts";
import type { EmbeddingOutcome } from "./provider.ts";

// What a worker needs of the shared package comes from its fault module: the whole of it, with the clients of every service, would
// take 50 MB in each worker.
const settings = workerData as unknown as ProviderSettings;
const provider = settings.provider === "local" ? createLocalProvider() : createOpenAIProvider(settings);

/** One task = one batch = one embeddings request. The vectors' memory is moved back, not copied. */
export default async function embed(texts: readonly string[]): Promise<EmbeddingOutcome> {
  const outcome = await provider.embed(texts);
  if ("fault" in outcome) return outcome;
  const moved = { [transferableSymbol]: outcome.vectors.buffer, [valueSymbol]: outcome };
  return move(moved as unknown as Parameters<typeof move>[0]) as unknown as EmbeddingOutcome;
}
