import { z } from "zod";
import { CommandError } from "../errors.ts";

const HITS = 3;
/** Data is kept between starts, so the same text may be found several times. */
const CANDIDATES = 50;

export interface Search {
  query: string;
  url: string;
  hits: { score: number; text: string; id: string }[];
}

const answerSchema = z.object({
  hits: z.array(z.object({ id: z.string(), score: z.number(), text: z.string() })),
});

/** Searches for a text through the api; hits with the same text as an earlier hit are left out. */
export async function search(query: string, api: URL, stop: AbortSignal): Promise<Search> {
  const url = new URL("/search", api);
  url.searchParams.set("q", query);
  const ask = new URL(url);
  ask.searchParams.set("k", String(CANDIDATES));
  const response = await fetch(ask, { signal: stop });
  if (!response.ok) {
    throw new CommandError(`GET /search answered ${response.status}: check the logs of the api and of embed.`);
  }
  const hits: Search["hits"] = [];
  const seen = new Set<string>();
  for (const hit of answerSchema.parse(await response.json()).hits) {
    if (!seen.has(hit.text.trim()) && hits.length < HITS) hits.push(hit);
    seen.add(hit.text.trim());
  }
  return { query, url: url.href, hits };
}
