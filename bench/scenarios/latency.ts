import type { LatencyCollector } from "../../packages/cli/src/latency/collect.ts";
import { readLogs } from "../../packages/cli/src/latency/read.ts";
import { runOpenLoop } from "../../packages/cli/src/load/open-loop.ts";
import { schedule } from "../../packages/cli/src/load/profiles.ts";
import { connectProducer } from "../../packages/kafka/src/index.ts";
import { untilStored } from "../backlog.ts";
import type { Bench, Section } from "../bench.ts";
import { indexKinds } from "../index-kinds.ts";
import { Rounds } from "../table.ts";
import { openWorld, type World } from "../world.ts";

const RATES_PER_S = [10, 100, 500];
const API_LATENCY_MS = 100;
/** Not measured: the processes' code gets compiled. */
const WARM_UP_MS = 10_000;
const MEASURED_MS = 20_000;
const IN_FLIGHT_MAX = 1_024;

/** Measures the time from publishing a message until both stores contain it, at steady rates. */
export async function latency(bench: Bench): Promise<Section[]> {
  const rounds = new Rounds<ReturnType<typeof quantiles>>();
  for (let run = 1; run <= bench.runs; run++) {
    for (const index of indexKinds) {
      await using world = await openWorld(bench, { index, api: { latencyMs: API_LATENCY_MS } });
      let published = await publishAt(bench, world, 100, WARM_UP_MS, 0);
      for (const ratePerS of RATES_PER_S) {
        bench.say(`${index}, run ${run}: ${ratePerS} messages/s …`);
        const sinceMs = Date.now();
        published += await publishAt(bench, world, ratePerS, MEASURED_MS, published);
        await untilStored(world, published);
        const { endToEnd } = await readLogs(
          world.pipeline.processes.map(({ log }) => log),
          { sinceMs },
        );
        rounds.add(`${index}, ${ratePerS} messages/s`, quantiles(endToEnd));
      }
    }
  }
  return [{ title: `publish → stored, API ${API_LATENCY_MS} ms, in ms`, rowTitle: "rate", rows: rounds.rows }];
}

/** Publishes one message per request, each when due; returns their number. */
async function publishAt(
  { texts }: Bench,
  { clients }: World,
  ratePerS: number,
  durationMs: number,
  first: number,
): Promise<number> {
  await using producer = await connectProducer(clients.kafka, clients.patience);
  let sent = 0;
  await runOpenLoop(schedule([{ name: "steady", ratePerS, durationMs }]), {
    async send() {
      await producer.send(clients.topic, [{ value: Buffer.from(texts(first + sent++)) }]);
    },
    inFlightMax: IN_FLIGHT_MAX,
    stop: clients.patience.hardStop,
  });
  return sent;
}

function quantiles(endToEnd: LatencyCollector["endToEnd"]) {
  const at = (quantile: number): number => endToEnd.quantileMs(quantile);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: endToEnd.summary.maxMs, messages: endToEnd.count };
}
