import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { type Action, Latency, type LatencySummary } from "@millrace/shared";
import { z } from "zod";

/** The operations that every message goes through, in its order. */
const reported = [
  "api.publish",
  "ingest.pack",
  "embed.request",
  "embed.batch",
  "sink.bulk_write",
  "sink.insert",
  "sink.batch",
  "sink.dead_letters",
] as const satisfies Action[];

const lineSchema = z.object({ action: z.string(), status: z.literal("ok"), durationMs: z.number() });

/** The durations of each operation, from the lines that the processes themselves logged. */
export async function readLatencies(logs: readonly string[]): Promise<Map<string, LatencySummary>> {
  const byAction = new Map(reported.map((action): [string, Latency] => [action, new Latency()]));
  for (const log of logs) {
    for await (const line of createInterface({ input: createReadStream(log) })) {
      const parsed = lineSchema.safeParse(parseJson(line));
      if (parsed.success) byAction.get(parsed.data.action)?.record(parsed.data.durationMs);
    }
  }
  const summaries = [...byAction].map(([action, latency]) => [action, latency.summary] as const);
  return new Map(summaries.filter(([, { count }]) => count > 0));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
