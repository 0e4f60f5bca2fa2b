import { setTimeout as sleep } from "node:timers/promises";
import { describeCause } from "@millrace/shared";
import { type Services, withAdmin } from "./services.ts";

const LOOK_INTERVAL_MS = 1_000;

/** Waits until every stage has committed everything and every record has its row; on timeout, returns what is left. */
export async function untilDrained(services: Services, timeoutMs: number): Promise<{ hung?: string }> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const left = await whatIsLeft(services).catch((error: unknown) => [describeCause(error)]);
    if (left.length === 0) return {};
    if (performance.now() > deadlineMs) return { hung: left.join("; ") };
    await sleep(LOOK_INTERVAL_MS);
  }
}

async function whatIsLeft(services: Services): Promise<string[]> {
  const { topic, groups, postgres } = services;
  return withAdmin(services, async (admin) => {
    const left: string[] = [];
    const ends = await admin.fetchTopicOffsets(topic);
    const records = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
    const { rows } = await postgres.query<{ count: number }>("SELECT count(*)::integer AS count FROM demo_log");
    const stored = rows[0]?.count ?? 0;
    if (stored < records) left.push(`${stored} rows for ${records} records`);
    for (const groupId of groups) {
      for (const { topic: consumed, partitions } of await admin.fetchOffsets({ groupId })) {
        const committed = new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
        const lags = (await admin.fetchTopicOffsets(consumed)).flatMap(({ partition, high }) => {
          const lag = Number(high) - (committed.get(partition) ?? 0);
          return lag === 0 ? [] : [`${lag} at ${partition}`];
        });
        if (lags.length > 0) left.push(`${groupId} has a lag at partitions of ${consumed}: ${lags.join(", ")}`);
      }
    }
    return left;
  });
}
