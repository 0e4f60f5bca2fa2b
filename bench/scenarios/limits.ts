import { setTimeout as sleep } from "node:timers/promises";
import { publishBacklog } from "../backlog.ts";
import type { Bench, Section } from "../bench.ts";
import { Rounds } from "../table.ts";
import { openWorld } from "../world.ts";

const TOKENS_PER_MINUTE = 1_000_000;
const COUNTS = [1, 3];
/** The first minute also spends the initial content of the bucket. */
const FIRST_MS = 60_000;
const MEASURED_MS = 120_000;
/** 240 bytes, which the server counts: a request of 256 texts is small enough not to blur the result. */
const TEXT_TOKENS = 60;
/** More than the bucket and its refill allow. */
const MESSAGES = Math.ceil(((1 + (FIRST_MS + MEASURED_MS) / 60_000) * TOKENS_PER_MINUTE * 1.1) / TEXT_TOKENS);

/** Measures the used share of a token budget, and the API's 429 responses. */
export async function limits(bench: Bench): Promise<Section[]> {
  const rounds = new Rounds<Record<string, number>>();
  for (let run = 1; run <= bench.runs; run++) {
    for (const count of COUNTS) {
      bench.say(
        `${TOKENS_PER_MINUTE} tokens/min, ${count} embed processes, run ${run}: ${(FIRST_MS + MEASURED_MS) / 1_000} s …`,
      );
      rounds.add(`${count} embed`, await spend(bench, count));
    }
  }
  return [{ title: `a limit of ${TOKENS_PER_MINUTE} tokens/min`, rowTitle: "processes", rows: rounds.rows }];
}

async function spend(bench: Bench, embed: number) {
  const api = { latencyMs: 100, tokensPerMinute: TOKENS_PER_MINUTE };
  await using world = await openWorld(bench, { index: "flat", api, counts: { embed } });
  const texts = (index: number): string =>
    bench
      .texts(index)
      .padEnd(4 * TEXT_TOKENS, " and more")
      .slice(0, 4 * TEXT_TOKENS);
  await publishBacklog(world, { ...bench, messages: MESSAGES, texts });
  await sleep(FIRST_MS);
  const first = await world.api.stats();
  await sleep(MEASURED_MS);
  const last = await world.api.stats();
  const used = last.embedded.tokens - first.embedded.tokens;
  return {
    "of the budget used, %": (100 * used) / ((MEASURED_MS / 60_000) * TOKENS_PER_MINUTE),
    "429 in the first minute": first.rateLimited,
    "429 after it": last.rateLimited - first.rateLimited,
    "texts a request":
      (last.embedded.texts - first.embedded.texts) / (last.embedded.requests - first.embedded.requests),
  };
}
