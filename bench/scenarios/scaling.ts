import type { Bench, Section } from "../bench.ts";
import { drain } from "../drain.ts";
import { Rounds } from "../table.ts";

const COUNTS = [1, 2, 4];
const API_LATENCY_MS = 500;
/** Limits each process to one request of 64 texts in flight, so to 128 texts/s. */
const environment = { EMBED_CONCURRENCY: "1", BATCH_MAX_MESSAGES: "64" };
/** 20 s of work per process. */
const MESSAGES_EACH = 2_560;

/** Measures whether embed processes scale linearly when the API is the bottleneck. */
export async function scaling(bench: Bench): Promise<Section[]> {
  const rounds = new Rounds<Record<string, number>>();
  for (let run = 1; run <= bench.runs; run++) {
    let alone: number | undefined;
    for (const count of COUNTS) {
      bench.say(`${count} embed processes, run ${run} …`);
      const job = { ...bench, messages: count * MESSAGES_EACH };
      const setup = {
        index: "flat",
        api: { latencyMs: API_LATENCY_MS },
        counts: { embed: count },
        environment,
      } as const;
      const { messagesPerS } = await drain(job, setup);
      alone ??= messagesPerS;
      rounds.add(`${count} embed`, { "messages/s": messagesPerS, "times one process": messagesPerS / alone });
    }
  }
  return [
    {
      title: `embed processes, API ${API_LATENCY_MS} ms, one request in flight each`,
      rowTitle: "processes",
      rows: rounds.rows,
    },
  ];
}
