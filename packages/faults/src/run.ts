import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectProducer } from "@millrace/kafka";
import { messageId } from "@millrace/shared";
import { isolated, type Pipeline, type ProcessName, type Stack, startPipeline, startService } from "@millrace/stack";
import { clean, startEmbeddingsApi, startProxy, textHash } from "@millrace/testbed";
import type { BugName } from "./bugs/bugs.ts";
import { untilDrained } from "./drain.ts";
import { pipelineEnvironment } from "./environment.ts";
import { allOrFirstFailure, type Injected, injectFaults, type World } from "./inject.ts";
import { type Load, startLoad } from "./load.ts";
import { watchMemory } from "./memory.ts";
import { readDocuments, readRows, readSource } from "./read-back.ts";
import { type Discrepancies, reconcile } from "./reconcile.ts";
import { planFaults, targets } from "./schedule.ts";
import { openServices, type Services } from "./services.ts";
import { longestStallMs, sample } from "./stall.ts";
import { type Crash, Supervisor } from "./supervisor.ts";

export interface RunOptions {
  seed: number;
  loadMs: number;
  ratePerS: number;
  faults: number;
  drainMs: number;
  /** How long a service is stopped at the most. */
  outageMaxMs: number;
  /** Logs and data stay even where the promise was kept. */
  keep: boolean;
  bug?: BugName;
}

/** All that one run showed. */
export interface Outcome extends Discrepancies {
  seed: number;
  bug?: BugName;
  published: number;
  acknowledged: number;
  rows: number;
  documents: number;
  /** What was left when the time to drain was up; absent where nothing was. */
  hung?: string;
  drainMs: number;
  longestStallMs: number;
  /** Texts that were embedded more often than they were published. */
  embeddedAgain: number;
  embeddedAgainShare: number;
  restarts: number;
  crashes: readonly Crash[];
  peakBytes: Partial<Record<ProcessName, number>>;
  faults: readonly Injected[];
  logDirectory: string;
}

const SAMPLE_INTERVAL_MS = 500;

/** Whether the promise was kept, and no process ended by a bug of its own: an outage must not become a crash. */
export function isKept(outcome: Outcome): boolean {
  const { vanished, crashes, missingRows, missingDocuments, doubledRows, doubledDocuments, wrong, hung } = outcome;
  const groups = [vanished, crashes, missingRows, missingDocuments, doubledRows, doubledDocuments, wrong];
  return hung === undefined && groups.every(({ length }) => length === 0);
}

/** One run: a pipeline in a namespace of its own, the load, the faults, and what was left when all was over. */
export async function run(
  options: RunOptions,
  stack: Stack,
  say: (line: string) => void,
  stop: AbortSignal,
): Promise<Outcome> {
  // A run before this one may have been interrupted with a service down. One that answers is left as it is.
  for (const service of targets["stop-service"]) await startService(service, { stack: stack.name });
  const suffix = `faults_${options.seed}_${Date.now().toString(36)}`.replace("-", "m");
  const logDirectory = join(stack.directory, "faults", suffix);
  await mkdir(logDirectory, { recursive: true });

  await using embeddings = await startEmbeddingsApi();
  await using opensearch = await startProxy(Number(new URL(stack.env.OPENSEARCH_ENDPOINT).port));
  await using postgres = await startProxy(Number(stack.env.POSTGRES_PORT));
  await using redis = await startProxy(Number(stack.env.REDIS_PORT));
  await using api = await startProxy(embeddings.port);
  const proxies = { opensearch, postgres, redis, embeddings: api };

  const namespace = isolated(suffix);
  await using services = openServices({ ...stack.env, ...namespace });
  const environment = { ...namespace, ...pipelineEnvironment(proxies, options.bug) };
  const pipeline = await startPipeline({ stack: stack.env, environment, logDirectory });
  try {
    const watched = { ...options, stack: stack.name, services, pipeline, proxies, embeddings };
    const outcome: Outcome = { ...(await breakAndRead(watched, say, stop)), logDirectory };
    if (isKept(outcome) && !options.keep) {
      await clean(services);
      await rm(logDirectory, { recursive: true });
    }
    return outcome;
  } finally {
    await pipeline.stop();
  }
}

type Watched = RunOptions &
  Pick<World, "stack" | "proxies" | "embeddings"> & { services: Services; pipeline: Pipeline };

async function breakAndRead(
  watched: Watched,
  say: (line: string) => void,
  stop: AbortSignal,
): Promise<Omit<Outcome, "logDirectory">> {
  const { seed, bug, services, pipeline, embeddings, loadMs } = watched;
  await using supervisor = new Supervisor(pipeline);
  await using producer = await connectProducer(services.kafka, services.patience);
  using memory = watchMemory(() => supervisor.processes);
  const { topic } = services;
  const load = startLoad({ topic, producer, seed, ratePerS: watched.ratePerS, durationMs: loadMs }, stop);
  using progress = sample(() => lookAt(load, services), SAMPLE_INTERVAL_MS);

  const plan = planFaults(seed, loadMs, watched.faults, watched.outageMaxMs);
  const injected = injectFaults(plan, { ...watched, supervisor }, say, stop);
  await allOrFirstFailure<unknown>([injected, load.finished]);
  const faults = await injected;
  say(`Every fault is healed; ${load.acknowledged.length} messages were published. Waiting for the rest …`);
  const startedAtMs = performance.now();
  const { hung } = await untilDrained(services, watched.drainMs);
  const drainMs = Math.round(performance.now() - startedAtMs);
  // What was late must not come after the look.
  await sleep(SAMPLE_INTERVAL_MS);

  const source = await readSource(services);
  const rows = await readRows(services);
  const documents = await readDocuments(services);
  const acknowledged = load.acknowledged.map(({ value, ...placement }) => ({
    id: messageId({ topic, ...placement }),
    text: value.toString(),
  }));
  const repeats = countRepeats(
    source.map(({ text }) => text),
    await embeddings.paid(),
  );
  return {
    seed,
    ...(bug && { bug }),
    published: source.length,
    acknowledged: acknowledged.length,
    rows: rows.length,
    documents: documents.length,
    ...reconcile(source, acknowledged, rows, documents),
    ...(hung && { hung }),
    drainMs,
    longestStallMs: longestStallMs(progress.samples),
    embeddedAgain: repeats,
    embeddedAgainShare: repeats / Math.max(1, source.length),
    restarts: supervisor.restarts,
    crashes: supervisor.crashes,
    peakBytes: Object.fromEntries(memory.peaks),
    faults,
  };
}

async function lookAt(load: Load, { postgres }: Services) {
  const published = load.acknowledged.length;
  const { rows } = await postgres.query<{ count: number }>("SELECT count(*)::integer AS count FROM demo_log");
  return { atMs: performance.now(), published, stored: rows[0]?.count ?? 0 };
}

/** A text that the publisher had to send twice may be embedded twice. */
function countRepeats(texts: readonly string[], paid: ReadonlyMap<string, number>): number {
  const published = new Map<string, number>();
  for (const hash of texts.map(textHash)) published.set(hash, (published.get(hash) ?? 0) + 1);
  let repeats = 0;
  for (const [hash, times] of published) repeats += Math.max(0, (paid.get(hash) ?? 0) - times);
  return repeats;
}
