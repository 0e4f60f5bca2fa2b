import { readLogs } from "../packages/cli/src/latency/read.ts";
import type { ProcessName } from "../packages/stack/src/index.ts";
import { peakResidentBytes, processorMicroseconds } from "../packages/testbed/src/index.ts";
import { publishBacklog, untilStored } from "./backlog.ts";
import type { Bench } from "./bench.ts";
import { storeSeconds } from "./store-seconds.ts";
import { openWorld, type Setup, servicePids, type World } from "./world.ts";

export interface Drained {
  /** From the first request to the stores to their last answer, as for the ceiling. */
  messagesPerS: number;
  /** Processor time per message, by process. */
  microseconds: Record<string, number>;
  /** Requests to the embeddings API. */
  requests: number;
  peakMegabytes: Record<string, number>;
  latencies: Awaited<ReturnType<typeof readLogs>>;
}

export const stageNames = ["ingest", "embed", "sink"] as const satisfies ProcessName[];

/** Drains a backlog of messages through a new pipeline into a new index. */
export async function drain(bench: Bench, setup: Setup): Promise<Drained> {
  await using world = await openWorld(bench, setup);
  const sinceMs = Date.now();
  const before = await processorTimes(bench, world);
  const { requests } = await world.api.stats();
  await publishBacklog(world, bench);
  await untilStored(world, bench.messages);
  const after = await processorTimes(bench, world);
  const microseconds = Object.fromEntries(
    Object.entries(after).map(([name, time]) => [name, (time - (before[name] ?? 0)) / bench.messages]),
  );
  const logs = world.pipeline.processes.map(({ log }) => log);
  return {
    messagesPerS: bench.messages / (await storeSeconds(logs, bench.messages)),
    microseconds,
    requests: (await world.api.stats()).requests - requests,
    peakMegabytes: peakMegabytes(world),
    latencies: await readLogs(logs, { sinceMs }),
  };
}

/** CPU times of each stage, over all its processes, and of the services. */
async function processorTimes(bench: Bench, { pipeline, api }: World): Promise<Record<string, number>> {
  const sum = (pids: readonly number[]): number => pids.reduce((total, pid) => total + processorMicroseconds(pid), 0);
  const { kafka, opensearch, postgres, redis } = await servicePids(bench.stack);
  return {
    ...Object.fromEntries(
      stageNames.map((stage) => [
        stage,
        sum(pipeline.processes.filter(({ name }) => name === stage).map(({ pid }) => pid)),
      ]),
    ),
    kafka: sum([kafka]),
    opensearch: sum([opensearch]),
    postgres: sum([postgres]),
    redis: sum([redis]),
    "fake API": sum([api.pid]),
  };
}

function peakMegabytes({ pipeline }: World): Record<string, number> {
  const peaks = new Map<string, number>();
  for (const { name, pid } of pipeline.processes) {
    peaks.set(name, Math.max(peaks.get(name) ?? 0, peakResidentBytes(pid) / 1_048_576));
  }
  return Object.fromEntries(peaks);
}
