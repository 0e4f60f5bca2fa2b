import { decodeBatch, isTombstone } from "@millrace/shared";
import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import type { ProviderSettings } from "./config.ts";
import { createLocalProvider } from "./local/provider.ts";
import { createOpenAIProvider } from "./openai/provider.ts";
import type { EmbeddingOutcome } from "./provider.ts";

/** A batch record as it came from Kafka, or the texts themselves. */
export type EmbeddingTask = { batch: Uint8Array<ArrayBuffer> } | { texts: string[] };

const settings = workerData as unknown as ProviderSettings;
const provider = settings.provider === "local" ? createLocalProvider() : createOpenAIProvider(settings);

/** One task = one batch = one embeddings request. The vectors' memory is moved back, not copied. */
export default async function embed(task: EmbeddingTask): Promise<EmbeddingOutcome> {
  const outcome = await provider.embed("batch" in task ? textsOf(task.batch) : task.texts);
  if ("fault" in outcome) return outcome;
  const moved = { [transferableSymbol]: outcome.vectors.buffer, [valueSymbol]: outcome };
  return move(moved as unknown as Parameters<typeof move>[0]) as unknown as EmbeddingOutcome;
}

function textsOf(batch: Uint8Array<ArrayBuffer>): string[] {
  const messages = decodeBatch(Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength));
  return messages.flatMap((message) => (isTombstone(message) ? [] : [message.text.toString()]));
}
