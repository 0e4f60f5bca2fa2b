import { createTopicReader, type OffsetRange, readRanges, type TopicReader } from "@millrace/kafka";
import type { Clients } from "../clients.ts";
import { ask } from "../services.ts";
import { topicRanges } from "../topic-ranges.ts";
import { add, found, judge, type PartitionReport, stretchesOf, WINDOW } from "./reconcile.ts";
import { documentPages, latestOffsets, replacedOffsets, rowPages } from "./stores.ts";

export interface VerifyOptions {
  topic: string;
  documentId: "offset" | "key";
  /** Messages from this time on, milliseconds since 1970. */
  fromMs?: number;
  /** Awaited before each partition is verified. */
  onPartition?: (partition: number, of: number) => unknown;
}

type Verification = Clients & VerifyOptions & { reader: TopicReader };

/**
 * Reconciles the source topic with demo_log and the index, partition by partition, up to the end that each partition
 * had at the start: later messages are left to the next verification.
 *
 * Memory is bounded by a window of offsets with one byte each, and by the findings; documents by key also take an entry
 * per key. The source's records are read only where both stores have nothing: an offset may hold no message at all
 * (compaction, transaction markers).
 *
 * @throws {ReadFailed} if the source can't be read: an offset that was not read never counts as a hole
 */
export async function verify(clients: Clients, options: VerifyOptions): Promise<PartitionReport[]> {
  await using reader = createTopicReader(clients.kafka);
  const ranges = await topicRanges(reader, options.topic, options.fromMs);
  const reports: PartitionReport[] = [];
  for (const range of ranges) {
    await options.onPartition?.(range.partition, ranges.length);
    reports.push(await verifyPartition({ ...clients, ...options, reader }, range));
  }
  return reports;
}

async function verifyPartition(verification: Verification, range: OffsetRange): Promise<PartitionReport> {
  const { partition, from, to } = range;
  const { postgres, topic, documentId } = verification;
  const report: PartitionReport = { partition, messages: to - from, complete: 0, deadLettered: 0, findings: new Map() };
  const byKey = documentId === "key";
  const latest = byKey ? [...(await latestOffsets(postgres, topic, partition)).keys()] : [];
  const rows = flatten(rowPages(postgres, topic, range));
  const documents = flatten(documentsOf(verification, range));
  let row = await rows.next();
  let document = await documents.next();
  for (let start = from; start < to; start += WINDOW) {
    const end = Math.min(to, start + WINDOW);
    const flags = new Uint8Array(end - start);
    const mark = (offset: number, flag: number): void => {
      const before = flags[offset - start] ?? 0;
      flags[offset - start] = before | (flag === found.document && before & found.document ? found.doubled : flag);
    };
    for (; !row.done && row.value.offset < end; row = await rows.next()) {
      mark(row.value.offset, row.value.level === "INFO" ? found.info : found.error);
    }
    for (; !document.done && document.value < end; document = await documents.next())
      mark(document.value, found.document);
    for (const offset of latest) if (offset >= start && offset < end) mark(offset, found.expected);
    const { absent } = judge(flags, start, !byKey, report);
    report.messages -= await countHoles(verification, partition, absent, report);
  }
  if (byKey) await dismissReplaced(verification, report);
  await addOrphans(verification, report);
  return report;
}

/** Offsets without a trace are missing only if the source has a message there. */
async function countHoles(
  { reader, topic, patience }: Verification,
  partition: number,
  absent: readonly number[],
  report: PartitionReport,
): Promise<number> {
  const wanted = new Set(absent);
  for await (const { offset } of readRanges(reader, topic, stretchesOf(partition, absent), patience.hardStop)) {
    if (wanted.delete(offset)) add(report, "missing row", offset);
  }
  return wanted.size;
}

/** A message that arrived meanwhile may have replaced its key's document. */
async function dismissReplaced(verification: Verification, report: PartitionReport): Promise<void> {
  const missing = report.findings.get("missing document");
  if (!missing) return;
  const { postgres, openSearch, config, topic } = verification;
  const latest = await latestOffsets(postgres, topic, report.partition);
  const expected = new Map(
    missing.flatMap((offset) => (latest.has(offset) ? [[offset, latest.get(offset) ?? ""]] : [])),
  );
  const replaced = await replacedOffsets(openSearch, config.OPENSEARCH_INDEX, expected);
  const still = missing.filter((offset) => expected.has(offset) && !replaced.has(offset));
  report.complete += missing.length - still.length;
  if (still.length > 0) report.findings.set("missing document", still);
  else report.findings.delete("missing document");
}

/**
 * Nothing may exist beyond the topic's end; since the end moves, findings there are judged by where it is afterwards.
 */
async function addOrphans(verification: Verification, report: PartitionReport): Promise<void> {
  const { postgres, topic } = verification;
  const { partition } = report;
  const beyond = { partition, from: await endOf(verification, partition), to: Number.MAX_SAFE_INTEGER };
  const rows: number[] = [];
  for await (const { offset } of flatten(rowPages(postgres, topic, beyond))) rows.push(offset);
  const documents: number[] = [];
  for await (const offset of flatten(documentsOf(verification, beyond))) documents.push(offset);
  if (rows.length + documents.length === 0) return;
  const end = await endOf(verification, partition);
  for (const offset of rows) if (offset >= end) add(report, "orphaned row", offset);
  for (const offset of documents) if (offset >= end) add(report, "orphaned document", offset);
}

async function endOf({ reader, topic }: Verification, partition: number): Promise<number> {
  return (await topicRanges(reader, topic)).find((range) => range.partition === partition)?.to ?? 0;
}

async function* documentsOf({ openSearch, config, topic }: Verification, range: OffsetRange) {
  const index = config.OPENSEARCH_INDEX;
  const { body: exists } = await ask("opensearch", openSearch.indices.exists({ index }));
  if (!exists) return;
  // Serverless has no refresh: documents of the last minute may be reported as missing.
  if (config.OPENSEARCH_AWS_SERVICE !== "aoss") await ask("opensearch", openSearch.indices.refresh({ index }));
  yield* documentPages(openSearch, index, topic, range);
}

async function* flatten<Item>(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Item, undefined> {
  for await (const page of pages) yield* page;
  return undefined;
}
