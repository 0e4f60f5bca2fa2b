import { type ReadRecord, readRanges, type TopicReader } from "@millrace/kafka";

/** Limits of a response, in records and bytes of values. A single record may exceed the bytes. */
export interface LatestLimits {
  count: number;
  maxBytes: number;
}

/** The newest records across all partitions, newest first; `undefined` if the topic does not exist. */
export async function readLatest(
  reader: TopicReader,
  topic: string,
  limits: LatestLimits,
  signal?: AbortSignal,
): Promise<ReadRecord[] | undefined> {
  const ranges = await reader.ranges(topic);
  if (!ranges) return undefined;
  const ends = ranges.map(({ partition, from, to }) => ({ partition, from: Math.max(from, to - limits.count), to }));
  let newest: ReadRecord[] = [];
  let bytes = 0;
  for await (const record of readRanges(reader, topic, ends, signal)) {
    newest.push(record);
    bytes += record.value?.length ?? 0;
    // Holds at most twice the size of a response.
    if (newest.length < 2 * limits.count && bytes < 2 * limits.maxBytes) continue;
    newest = newestOf(newest, limits);
    bytes = bytesOf(newest);
  }
  return newestOf(newest, limits);
}

function bytesOf(records: readonly ReadRecord[]): number {
  return records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
}

function newestOf(records: readonly ReadRecord[], { count, maxBytes }: LatestLimits): ReadRecord[] {
  const sorted = records.toSorted(
    (a, b) => b.timestampMs - a.timestampMs || a.partition - b.partition || b.offset - a.offset,
  );
  let bytes = 0;
  const end = sorted.findIndex(({ value }, index) => {
    bytes += value?.length ?? 0;
    return index >= count || (index > 0 && bytes > maxBytes);
  });
  return end === -1 ? sorted : sorted.slice(0, end);
}
