import { ensureTopics } from "@millrace/kafka";
import { delay } from "@millrace/shared";
import type { Pipeline } from "@millrace/stack";
import type { Clients } from "../clients.ts";
import { CommandError } from "../errors.ts";
import type { LatencyReport } from "../latency/collect.ts";
import { readLogs } from "../latency/read.ts";
import type { MessageSource } from "../messages/source.ts";
import { type Counts, disagreements, readCounts, refresh } from "./counts.ts";
import { readFailedChecks } from "./health.ts";
import { type RunProgress, showProgress } from "./progress.ts";
import { publishMessages } from "./publish.ts";
import { Places } from "./ranges.ts";
import { type Search, search } from "./searches.ts";

const POLL_INTERVAL_MS = 200;
const STALL_MS = 60_000;

/** The outcome of the messages of one run. */
export interface SampleRun {
  sent: number;
  /** Number of offsets that Kafka assigned to them. */
  published: number;
  counts: Counts;
  /** What does not add up. */
  problems: string[];
  durationMs: number;
  latencies: LatencyReport;
  searches: Search[];
}

export interface RunContext {
  source: MessageSource;
  /** Number of messages in the source. */
  total: number;
  pipeline: Pipeline;
  services: Clients;
  /** Fail if nothing moves for a minute; otherwise say what the pipeline waits for, and keep waiting. */
  giveUp: boolean;
}

/**
 * The source topic accepts records as long as the internal topics do, so that the refusal of an oversized message can
 * be shown.
 */
export async function ensureSourceTopic({ kafka, config, topic, patience }: Clients): Promise<void> {
  const { KAFKA_TOPIC_PARTITIONS, KAFKA_RECORD_MAX_BYTES, KAFKA_REPLICATION_FACTOR } = config;
  const specification = { topic, partitions: KAFKA_TOPIC_PARTITIONS, maxMessageBytes: KAFKA_RECORD_MAX_BYTES + 65_536 };
  await ensureTopics(kafka, [specification], KAFKA_REPLICATION_FACTOR, patience);
}

/** Publishes the messages, waits until each has its row, and reads back the outcome. */
export async function runSample(context: RunContext): Promise<SampleRun> {
  const { source, total, pipeline, services } = context;
  const places = new Places();
  const { durationMs, counts } = await publishAndCount(context, places);
  const searches: Search[] = [];
  for (const query of counts.indexed === 0 ? [] : source.queries) {
    searches.push(await search(query, pipeline.api, services.patience.hardStop));
  }
  return {
    sent: total,
    published: places.size,
    counts,
    problems: disagreements(total, places.size, counts),
    durationMs,
    latencies: (await readLogs(pipeline.processes.map(({ log }) => log))).report,
    searches,
  };
}

/** Shows the progress up to the final count, for which every document is made countable. */
async function publishAndCount(context: RunContext, places: Places): Promise<Pick<SampleRun, "durationMs" | "counts">> {
  const { total, services } = context;
  const startedAt = performance.now();
  const progress = showProgress(total);
  try {
    await publishAndFollow(context, places, progress);
    const durationMs = performance.now() - startedAt;
    await refresh(services);
    const counts = await readCounts(services, places.ranges);
    progress.stored(counts);
    return { durationMs, counts };
  } finally {
    progress.end();
  }
}

/** Returns when everything that was published has a row. */
async function publishAndFollow(context: RunContext, places: Places, progress: RunProgress): Promise<void> {
  const { source, pipeline, services } = context;
  const stalls = new StallWatch();
  let stored = 0;
  let over = false;
  const publishing = publishMessages(source, pipeline.api, services, (placements) => {
    places.add(placements);
    progress.published(places.size);
  }).finally(() => {
    over = true;
  });
  // Awaited as soon as it is over; until then a rejection must not count as unhandled.
  publishing.catch(() => undefined);
  for (;;) {
    const all = over;
    if (all) await publishing;
    const counts = await tryToCount(services, places);
    if (counts) {
      progress.stored(counts);
      if (all && counts.recorded >= places.size) return;
      stored = counts.indexed + counts.recorded;
    }
    if (stalls.stalled(places.size + stored)) await onStall(context, progress);
    await delay(POLL_INTERVAL_MS, services.patience.hardStop);
  }
}

/**
 * `undefined` if a service does not answer now, such as an index that was just created: the next reading may succeed.
 */
async function tryToCount(services: Clients, { ranges }: Places): Promise<Counts | undefined> {
  try {
    return await readCounts(services, ranges);
  } catch {
    services.patience.hardStop.throwIfAborted();
    return undefined;
  }
}

async function onStall({ pipeline, giveUp }: RunContext, progress: RunProgress): Promise<void> {
  const failed = await readFailedChecks(pipeline.api);
  const why = failed.length === 0 ? "yet all health checks pass" : failed.join("; ");
  const what = `No progress for ${STALL_MS / 1_000} s: ${why}`;
  if (giveUp) throw new CommandError(`${what}. Fix the cause, or check the logs, and start again.`);
  progress.line(what);
}

class StallWatch {
  #sum = -1;
  #sinceMs = performance.now();

  /** True once per period in which the sum has not changed. */
  stalled(sum: number): boolean {
    const nowMs = performance.now();
    const moved = sum !== this.#sum;
    const stalled = !moved && nowMs - this.#sinceMs >= STALL_MS;
    if (moved || stalled) this.#sinceMs = nowMs;
    this.#sum = sum;
    return stalled;
  }
}
