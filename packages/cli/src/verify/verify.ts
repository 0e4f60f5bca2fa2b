import { type Clients, type OffsetRange, offsetRanges, readRanges } from "@millrace/shared";
import { add, found, judge, type PartitionReport, WINDOW } from "./reconcile.ts";
import { documentPages, latestOffsets, rowPages } from "./stores.ts";

export interface VerifyOptions {
  topic: string;
  documentId: "offset" | "key";
  /** Messages from this time on, milliseconds since 1970. */
  fromMs?: number;
  onProgress?: (partition: number, of: number) => void;
}

/**
 * Reconciles the source topic with demo_log and the index, partition by partition.
 *
 * Memory is bounded by a window of offsets with one byte each, and by what is wrong. The source's records are read only
 * where both stores know nothing: an offset may hold no message at all (compaction, transaction markers).
 */
export async function verify(clients: Clients, options: VerifyOptions): Promise<PartitionReport[]> {
  const ranges = await offsetRanges(clients.kafka, options.topic, options.fromMs);
  const reports: PartitionReport[] = [];
  for (const range of ranges) {
    options.onProgress?.(range.partition, ranges.length);
    reports.push(await verifyPartition(clients, range, options));
  }
  return reports;
}

async function verifyPartition(clients: Clients, range: OffsetRange, options: VerifyOptions): Promise<PartitionReport> {
  const { partition, from, to } = range;
  const report: PartitionReport = { partition, messages: 0, complete: 0, deadLettered: 0, findings: new Map() };
  const byKey = options.documentId === "key";
  const latest = byKey ? await latestOffsets(clients.postgres, options.topic, partition) : [];
  const rows = flatten(rowPages(clients.postgres, options.topic, partition, from));
  const documents = flatten(documentsOf(clients, options.topic, partition, from));
  const absent: number[] = [];
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
    absent.push(...judge(flags, start, !byKey, report).absent);
  }
  for (; !row.done; row = await rows.next()) add(report, "orphaned row", row.value.offset);
  for (; !document.done; document = await documents.next()) add(report, "orphaned document", document.value);
  const holes = await countHoles(clients, options.topic, partition, absent, report);
  report.messages = to - from - holes;
  return report;
}

/** Offsets without a trace are missing only where the source has a message there. */
async function countHoles(
  { kafka }: Clients,
  topic: string,
  partition: number,
  absent: readonly number[],
  report: PartitionReport,
): Promise<number> {
  const [first, last] = [absent[0], absent.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const wanted = new Set(absent);
  await readRanges(kafka, topic, [{ partition, from: first, to: last + 1 }], ({ offset }) => {
    if (wanted.delete(offset)) add(report, "missing row", offset);
  });
  return wanted.size;
}

async function* documentsOf({ openSearch, config }: Clients, topic: string, partition: number, from: number) {
  const index = config.OPENSEARCH_INDEX;
  const { body: exists } = await openSearch.indices.exists({ index });
  if (!exists) return;
  // Serverless has no such request: what was written in the last minute may be told as missing.
  if (config.OPENSEARCH_AWS_SERVICE !== "aoss") await openSearch.indices.refresh({ index });
  yield* documentPages(openSearch, index, topic, partition, from);
}

async function* flatten<Item>(pages: AsyncIterable<readonly Item[]>): AsyncGenerator<Item, undefined> {
  for await (const page of pages) yield* page;
  return undefined;
}
