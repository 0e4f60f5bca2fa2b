import { once } from "node:events";
import { openRedis, redisSettings } from "@millrace/connections";
import { createTopicReader, readRanges } from "@millrace/kafka";
import { messageId, type parseMessageId, readConfiguration } from "@millrace/shared";
import { createTracker, type Progress } from "@millrace/stage";
import { z } from "zod";
import type { Clients } from "../clients.ts";
import { CommandError } from "../errors.ts";
import { ask, explainService, ServiceFailed } from "../services.ts";

export type MessagePlace = NonNullable<ReturnType<typeof parseMessageId>>;

/** What Kafka, Redis and PostgreSQL hold of one message; absent if one of them has nothing (any more). */
export interface Journey {
  id: string;
  record?: { timestampMs: number; bytes: number; key: string | null; traceparent?: string };
  progress?: Progress;
  /** Why its progress is unknown, if Redis did not answer. */
  progressFailure?: string;
  row?: {
    level: "INFO" | "ERROR";
    index: string | null;
    documentId: string | null;
    code: string | null;
    cause: string | null;
  };
}

const trackingSettings = z.object(redisSettings);

export async function readJourney(
  clients: Clients,
  place: MessagePlace,
  environment: NodeJS.ProcessEnv,
): Promise<Journey> {
  const [source, progress, row] = await Promise.all([
    readRecord(clients, place),
    // Redis's data matters least: the others' answers stand without it.
    readProgress(clients, place, environment).catch(failureOf),
    readRow(clients, place),
  ]);
  if (source === "no topic" && !row) {
    throw new CommandError(
      `Topic ${place.topic} does not exist: an ID is topic-partition-offset, such as messages-3-41.`,
    );
  }
  return { id: messageId(place), ...(source !== "no topic" && source), ...progress, ...(row && { row }) };
}

async function failureOf(error: unknown): Promise<Pick<Journey, "progressFailure">> {
  if (!(error instanceof ServiceFailed)) throw error;
  return { progressFailure: await explainService(error) };
}

async function readRecord(
  { kafka }: Clients,
  { topic, partition, offset }: MessagePlace,
): Promise<Pick<Journey, "record"> | "no topic"> {
  await using reader = createTopicReader(kafka);
  const ranges = await ask("kafka", reader.ranges(topic));
  if (!ranges) return "no topic";
  const held = ranges.find((range) => range.partition === partition);
  if (!held || offset < held.from || offset >= held.to) return {};
  const range = { partition, from: offset, to: offset + 1 };
  for await (const { timestampMs, key, value, headers } of readRanges(reader, topic, [range])) {
    const traceparent = headers.find(([name]) => name === "traceparent")?.[1]?.toString();
    const bytes = value?.length ?? 0;
    return { record: { timestampMs, bytes, key: key?.toString() ?? null, ...(traceparent && { traceparent }) } };
  }
  return {};
}

async function readProgress(
  { patience }: Clients,
  place: MessagePlace,
  environment: NodeJS.ProcessEnv,
): Promise<Pick<Journey, "progress">> {
  const settings = readConfiguration(trackingSettings, environment);
  const redis = openRedis(settings, patience);
  try {
    // Rejects with the client's first error.
    await ask("redis", once(redis, "ready", { signal: AbortSignal.timeout(settings.REDIS_TIMEOUT_MS) }));
    const progress = await ask("redis", createTracker(redis, settings, patience.log).progress(place));
    return progress ? { progress } : {};
  } finally {
    redis.disconnect();
  }
}

const selectRow = `
  SELECT log_level AS level, opensearch_index AS index, opensearch_doc_id AS "documentId", error_code AS code,
    error_cause AS cause
  FROM demo_log WHERE kafka_topic = $1 AND kafka_partition = $2 AND kafka_offset = $3`;

async function readRow({ postgres }: Clients, { topic, partition, offset }: MessagePlace): Promise<Journey["row"]> {
  const row = postgres.query<NonNullable<Journey["row"]>>(selectRow, [topic, partition, offset]);
  const { rows } = await ask("postgres", row);
  return rows[0];
}
