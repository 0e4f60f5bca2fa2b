import { setTimeout as sleep } from "node:timers/promises";
import { connectProducer } from "@millrace/kafka";
import { messageId } from "@millrace/shared";
import type { Pipeline } from "@millrace/stack";
import { untilDrained } from "./drain.ts";
import { countRepeats } from "./embedded-again.ts";
import { allOrFirstFailure, injectFaults, type World } from "./inject.ts";
import { type Load, startLoad } from "./load.ts";
import { watchMemory } from "./memory.ts";
import type { RunOutcome } from "./outcome.ts";
import { describeProgress, every } from "./progress.ts";
import { readDocuments, readRows, readSource } from "./read-back.ts";
import { reconcile } from "./reconcile.ts";
import type { RunOptions } from "./run-options.ts";
import { planFaults } from "./schedule.ts";
import type { Services } from "./services.ts";
import { explain, longestStall, type Sample, sample } from "./stall.ts";
import { Supervisor } from "./supervisor.ts";

type Watched = RunOptions &
  Pick<World, "stack" | "proxies" | "embeddings"> & { services: Services; pipeline: Pipeline };

const SAMPLE_INTERVAL_MS = 500;
const PROGRESS_INTERVAL_MS = 10_000;

/** Loads the pipeline, injects the faults, waits until it has drained, and compares what the stores hold. */
export async function breakAndRead(
  watched: Watched,
  say: (line: string) => void,
  stop: AbortSignal,
): Promise<Omit<RunOutcome, "logDirectory">> {
  const { seed, bug, services, pipeline, loadMs } = watched;
  await using supervisor = new Supervisor(pipeline);
  await using producer = await connectProducer(services.kafka, services.patience);
  using memory = watchMemory(() => supervisor.processes);
  const { topic } = services;
  const load = startLoad({ topic, producer, seed, ratePerS: watched.ratePerS, durationMs: loadMs }, stop);
  const beganAtMs = performance.now();
  using progress = sample(() => lookAt(load, services, beganAtMs), SAMPLE_INTERVAL_MS);
  const elapsedMs = (): number => performance.now() - beganAtMs;
  using _lines = every(PROGRESS_INTERVAL_MS, () => say(describeProgress(elapsedMs(), progress.samples.at(-1))));

  const plan = planFaults(seed, loadMs, watched.faults, watched.outageMaxMs);
  const injected = injectFaults(plan, { ...watched, supervisor }, say, stop);
  await allOrFirstFailure<unknown>([injected, load.finished]);
  const faults = await injected;
  say(`Every fault is healed and ${load.acknowledged.length} messages are published; waiting for the rest …`);
  const drained = await drain(services, watched.drainMs);
  return {
    seed,
    ...(bug && { bug }),
    ...(await compare(load, watched)),
    ...drained,
    stall: explain(longestStall(progress.samples), faults),
    restarts: supervisor.restarts,
    crashes: supervisor.crashes,
    peakBytes: Object.fromEntries(memory.peaks),
    faults,
  };
}

async function drain(services: Services, drainMaxMs: number): Promise<Pick<RunOutcome, "hung" | "drainMs">> {
  const startedAtMs = performance.now();
  const { hung } = await untilDrained(services, drainMaxMs);
  const drainMs = Math.round(performance.now() - startedAtMs);
  // So that the last sample includes the last stored messages.
  await sleep(SAMPLE_INTERVAL_MS);
  return { drainMs, ...(hung && { hung }) };
}

async function compare(load: Load, { services, embeddings }: Watched) {
  const source = await readSource(services);
  const rows = await readRows(services);
  const documents = await readDocuments(services);
  const acknowledged = load.acknowledged.map(({ value, ...placement }) => ({
    id: messageId({ topic: services.topic, ...placement }),
    text: value.toString(),
  }));
  const texts = source.map(({ text }) => text);
  const repeats = countRepeats(texts, await embeddings.paid());
  return {
    published: source.length,
    acknowledged: acknowledged.length,
    rows: rows.length,
    documents: documents.length,
    ...reconcile(source, acknowledged, rows, documents),
    embeddedAgain: repeats,
    embeddedAgainShare: repeats / Math.max(1, source.length),
  };
}

async function lookAt(load: Load, { postgres }: Services, beganAtMs: number): Promise<Sample> {
  const published = load.acknowledged.length;
  const { rows } = await postgres.query<{ count: number }>("SELECT count(*)::integer AS count FROM demo_log");
  return { atMs: performance.now() - beganAtMs, published, stored: rows[0]?.count ?? 0 };
}
