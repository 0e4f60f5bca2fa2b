import { setTimeout as sleep } from "node:timers/promises";
import { publishBacklog, untilStored } from "../backlog.ts";
import type { Bench, Section } from "../bench.ts";
import { Rounds } from "../table.ts";
import { openWorld, type World } from "../world.ts";

const LATENCIES_MS = [0, 100];
const POLL_INTERVAL_MS = 5;

/** Measures what is paid for again after a SIGKILL of the embed process in mid-run. */
export async function paidTwice(bench: Bench): Promise<Section[]> {
  const rounds = new Rounds<Record<string, number>>();
  for (let run = 1; run <= bench.runs; run++) {
    for (const latencyMs of LATENCIES_MS) {
      bench.say(`kill -9 of embed, API ${latencyMs} ms, run ${run} …`);
      rounds.add(`kill -9, API ${latencyMs} ms`, await killInMidRun(bench, latencyMs));
    }
  }
  return [{ title: `embeddings paid twice, of ${bench.messages}`, rowTitle: "fault", rows: rounds.rows }];
}

async function killInMidRun(bench: Bench, latencyMs: number) {
  await using world = await openWorld(bench, { index: "flat", api: { latencyMs } });
  await publishBacklog(world, bench);
  const { texts: inFlight } = await untilEmbedded(world, bench.messages / 2);
  await world.pipeline.kill("embed", "SIGKILL");
  await world.pipeline.start("embed", 1);
  await untilStored(world, bench.messages);
  // Excludes the word that every start embeds.
  const again = (await world.api.stats()).paidAgain - 1;
  return { "in flight": inFlight, "paid twice": again, "%": (100 * again) / bench.messages };
}

async function untilEmbedded({ api }: World, texts: number) {
  for (;;) {
    const { embedded, inFlight } = await api.stats();
    if (embedded.texts >= texts) return inFlight;
    await sleep(POLL_INTERVAL_MS);
  }
}
