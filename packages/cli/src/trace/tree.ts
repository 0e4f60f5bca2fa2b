import { textTable } from "@millrace/stack";
import { type Milestone, milestones } from "@millrace/stage";
import type { Journey } from "./journey.ts";

/** How the message reached the milestone. */
const steps: Record<Milestone, string> = {
  published: "acknowledged by Kafka, published by api",
  ingested: "packed into a batch by ingest",
  embedded: "embedded by embed",
  stored: "indexed and recorded by sink",
  dead_lettered: "written to the dead-letter topic",
};

const LOST = "it is older than TRACKING_TTL_S, or Redis lost it";

/**
 * Draws one message's way as a tree: each step with the time since the message's Kafka timestamp and since the previous
 * step.
 */
export function tree(journey: Journey): string {
  const { id, record, progress, progressFailure, row } = journey;
  const reached = milestones.flatMap((milestone) => {
    const atMs = progress?.[milestone];
    return atMs === undefined ? [] : [{ milestone, atMs }];
  });
  const firstMs = record?.timestampMs ?? reached[0]?.atMs ?? 0;
  const rows = reached.map(({ milestone, atMs }, index) => {
    const sinceMs = atMs - (reached[index - 1]?.atMs ?? firstMs);
    return [milestone, time(atMs), duration(atMs - firstMs), duration(sinceMs), steps[milestone]];
  });
  const lines = textTable(rows, "left", "left", "right", "right", "left");
  if (lines.length === 0) lines.push(`no progress recorded: ${progressFailure ?? LOST}`);
  lines.push(row ? outcome(row) : "no row in demo_log yet");
  return [head(id, record), ...branches(lines)].join("\n");
}

function head(id: string, record: Journey["record"]): string {
  if (!record) return `${id}  (its record is no longer in Kafka)`;
  const trace = record.traceparent ? `  trace ${record.traceparent.split("-")[1]}` : "";
  const key = record.key === null ? "" : `  key ${record.key}`;
  return `${id}  ${new Date(record.timestampMs).toISOString()}  ${record.bytes} bytes${key}${trace}`;
}

function outcome({ level, index, documentId, code, cause }: NonNullable<Journey["row"]>): string {
  if (level === "ERROR") return `demo_log: ERROR ${code}: ${cause}`;
  return `demo_log: INFO, document ${documentId} of index ${index}`;
}

function branches(lines: readonly string[]): string[] {
  return lines.map((line, index) => `${index === lines.length - 1 ? "└─" : "├─"} ${line}`);
}

function time(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}

function duration(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${Math.abs(ms)} ms`;
}
