import { move, transferableSymbol, valueSymbol } from "piscina";
import type { ProviderAnswer } from "../provider.ts";
import { createLocalProvider } from "./provider.ts";

const provider = createLocalProvider();

/** One task = one batch. The vectors' memory is moved back, not copied. */
export default async function embed(texts: readonly string[]): Promise<ProviderAnswer> {
  const outcome = await provider.embed(texts);
  if ("fault" in outcome) return outcome;
  const moved = { [transferableSymbol]: outcome.vectors.buffer, [valueSymbol]: outcome };
  return move(moved as unknown as Parameters<typeof move>[0]) as unknown as ProviderAnswer;
}
