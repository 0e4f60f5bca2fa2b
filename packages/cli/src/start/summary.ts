import type { Action, DistributionSummary } from "@millrace/shared";
import { textTable } from "@millrace/stack";
import { END_TO_END } from "../latency/collect.ts";
import type { SampleRun } from "./run.ts";

const TEXT_LENGTH_MAX = 96;
/** The operations that every message goes through. */
const reported: readonly string[] = [
  "api.publish",
  "ingest.pack",
  "embed.request",
  "embed.batch",
  "sink.bulk_write",
  "sink.insert",
  "sink.batch",
  "sink.dead_letters",
] satisfies Action[];

/** @param goesOn whether the pipeline keeps running, so that its URLs are useful */
export function summaryText(run: SampleRun, title: string, api: URL, goesOn: boolean): string {
  const { counts, durationMs, published } = run;
  const seconds = durationMs / 1_000;
  const rate = Math.round(published / seconds);
  return [
    "",
    `${published.toLocaleString("en")} ${title} in ${seconds.toFixed(1)} s (${rate.toLocaleString("en")} a second):`,
    `${counts.indexed.toLocaleString("en")} indexed, ${counts.recorded.toLocaleString("en")} recorded, ${deadLettersText(run)}.`,
    "",
    ...latencyLines(run),
    "",
    ...searchLines(run),
    ...(goesOn ? urlLines(run, api) : []),
  ].join("\n");
}

export function summaryJson(run: SampleRun, api: URL): string {
  const { counts, ...rest } = run;
  return JSON.stringify({ ...rest, ...counts, latencies: latenciesOf(run), urls: urlsOf(run, api) }, undefined, 2);
}

/** The last line of `--once`. */
export function lastLine({ published, counts }: SampleRun): string {
  const { indexed, recorded, deadLettered } = counts;
  return `published=${published} indexed=${indexed} recorded=${recorded} dead_lettered=${deadLettered}`;
}

function deadLettersText({ counts: { deadLettered, reasons } }: SampleRun): string {
  const each = Object.entries(reasons).map(([reason, count]) => `${count} ${reason}`);
  return `${deadLettered} dead-lettered${each.length > 0 ? ` (${each.join(", ")})` : ""}`;
}

function latencyLines(run: SampleRun): string[] {
  const rows = Object.entries(latenciesOf(run)).map(([name, { count, p50Ms, p90Ms, p99Ms }]) => [
    name,
    String(count),
    ...[p50Ms, p90Ms, p99Ms].map((ms) => ms.toFixed(1)),
  ]);
  return textTable([["milliseconds", "count", "p50", "p90", "p99"], ...rows], "left", "right");
}

function latenciesOf({ latencies: { operations, endToEnd } }: SampleRun): Record<string, DistributionSummary> {
  const some = operations.filter(({ operation, count }) => count > 0 && reported.includes(operation));
  const each = some.map(({ operation, count, p50Ms, p90Ms, p99Ms, maxMs }) => {
    return [operation, { count, p50Ms, p90Ms, p99Ms, maxMs }] as const;
  });
  return { ...Object.fromEntries(each), ...(endToEnd && { [END_TO_END]: endToEnd }) };
}

function searchLines({ searches }: SampleRun): string[] {
  return searches.flatMap(({ query, hits }) => [
    `Search: ${shortened(query)}`,
    ...hits.map(({ score, text }) => `  ${score.toFixed(3)}  ${shortened(text)}`),
    "",
  ]);
}

function urlLines(run: SampleRun, api: URL): string[] {
  return textTable(Object.entries(urlsOf(run, api)), "left");
}

function urlsOf({ searches }: SampleRun, api: URL) {
  const url = (path: string) => new URL(path, api).href;
  return {
    console: url("/"),
    docs: url("/docs"),
    health: url("/health"),
    status: url("/status"),
    ...(searches[0] && { search: searches[0].url }),
  };
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= TEXT_LENGTH_MAX ? line : `${line.slice(0, TEXT_LENGTH_MAX - 1)}…`;
}
