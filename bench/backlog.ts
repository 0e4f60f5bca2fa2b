import { setTimeout as sleep } from "node:timers/promises";
import { connectProducer } from "../packages/kafka/src/index.ts";
import type { Bench } from "./bench.ts";
import type { World } from "./world.ts";

const CHUNK = 1_000;
const PARTITIONS = 8;
const POLL_INTERVAL_MS = 200;
const STALL_MAX_MS = 60_000;

/**
 * Publishes messages, spread evenly over the partitions, while no ingest process consumes: they are frozen, not stopped, so
 * that their start is not measured.
 *
 * @param first the number of the first text
 */
export async function publishBacklog({ clients, pipeline }: World, bench: Bench, first = 0): Promise<void> {
  const ingests = pipeline.processes.filter(({ name }) => name === "ingest");
  for (const ingest of ingests) ingest.kill("SIGSTOP");
  await using producer = await connectProducer(clients.kafka, clients.patience);
  for (let start = 0; start < bench.messages; start += CHUNK) {
    const records = Array.from({ length: Math.min(CHUNK, bench.messages - start) }, (_, index) => ({
      value: Buffer.from(bench.texts(first + start + index)),
      partition: index % PARTITIONS,
    }));
    await producer.send(clients.topic, records);
  }
  for (const ingest of ingests) ingest.kill("SIGCONT");
}

/** Waits until this many messages have a row; throws when none is added for a minute. */
export async function untilStored({ clients: { postgres } }: World, count: number): Promise<void> {
  let stored = 0;
  let movedAtMs = performance.now();
  while (stored < count) {
    await sleep(POLL_INTERVAL_MS);
    const { rows } = await postgres.query<{ count: number }>("SELECT count(*)::integer AS count FROM demo_log");
    if (rows[0] && rows[0].count > stored) movedAtMs = performance.now();
    stored = rows[0]?.count ?? 0;
    if (performance.now() - movedAtMs > STALL_MAX_MS) {
      throw new Error(`only ${stored} of ${count} messages were stored, and none for ${STALL_MAX_MS / 1_000} s`);
    }
  }
}
