import {
  type Clients,
  createTopicReader,
  createTracker,
  firstConnection,
  messageId,
  openRedis,
  type Progress,
  type parseMessageId,
  readConfiguration,
  readRanges,
  redisSettings,
} from "@millrace/shared";
import { z } from "zod";

export type MessagePlace = NonNullable<ReturnType<typeof parseMessageId>>;

/** What Kafka, Redis and PostgreSQL know of one message; absent where one of them has nothing (any more). */
export interface Journey {
  id: string;
  record?: { timestampMs: number; bytes: number; key: string | null; traceparent?: string };
  progress?: Progress;
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
  const [record, progress, row] = await Promise.all([
    readRecord(clients, place),
    readProgress(clients, place, environment),
    readRow(clients, place),
  ]);
  return { id: messageId(place), ...(record && { record }), ...(progress && { progress }), ...(row && { row }) };
}

async function readRecord({ kafka }: Clients, { topic, partition, offset }: MessagePlace): Promise<Journey["record"]> {
  await using reader = createTopicReader(kafka);
  const ranges = await reader.ranges(topic);
  const held = ranges?.find((range) => range.partition === partition);
  if (!held || offset < held.from || offset >= held.to) return undefined;
  const range = { partition, from: offset, to: offset + 1 };
  for await (const { timestampMs, key, value, headers } of readRanges(reader, topic, [range])) {
    const traceparent = headers.find(([name]) => name === "traceparent")?.[1]?.toString();
    return {
      timestampMs,
      bytes: value?.length ?? 0,
      key: key?.toString() ?? null,
      ...(traceparent && { traceparent }),
    };
  }
  return undefined;
}

async function readProgress(
  { patience }: Clients,
  place: MessagePlace,
  environment: NodeJS.ProcessEnv,
): Promise<Progress | undefined> {
  const settings = readConfiguration(trackingSettings, environment);
  const redis = openRedis(settings, patience);
  try {
    await firstConnection(redis, settings);
    return await createTracker(redis, settings, patience.log).progress(place);
  } finally {
    redis.disconnect();
  }
}

const selectRow = `
  SELECT log_level AS level, opensearch_index AS index, opensearch_doc_id AS "documentId", error_code AS code,
    error_cause AS cause
  FROM demo_log WHERE kafka_topic = $1 AND kafka_partition = $2 AND kafka_offset = $3`;

async function readRow({ postgres }: Clients, { topic, partition, offset }: MessagePlace): Promise<Journey["row"]> {
  const { rows } = await postgres.query<NonNullable<Journey["row"]>>(selectRow, [topic, partition, offset]);
  return rows[0];
}
