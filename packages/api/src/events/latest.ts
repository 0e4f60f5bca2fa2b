import type { ReadRecord, TopicReader } from "@millrace/shared";

/** What bounds an answer: how many records, and how many bytes of values; one record may have more. */
export interface LatestLimits {
  count: number;
  maxBytes: number;
}

const FETCH_MAX_BYTES = 1_048_576;
const FETCH_MAX_WAIT_MS = 100;

/** The newest records across the partitions of a topic, newest first; `undefined`: there is no such topic. */
export async function readLatest(
  reader: TopicReader,
  topic: string,
  limits: LatestLimits,
): Promise<ReadRecord[] | undefined> {
  const ranges = await reader.ranges(topic);
  if (!ranges) return undefined;
  const ends = new Map(ranges.map(({ partition, to }) => [partition, to]));
  const open = new Map(
    ranges.flatMap(({ partition, from, to }) =>
      from < to ? [[partition, Math.max(from, to - limits.count)] as const] : [],
    ),
  );
  let newest: ReadRecord[] = [];
  while (open.size > 0) {
    const fetched = await reader.fetch(topic, open, { maxBytes: FETCH_MAX_BYTES, maxWaitMs: FETCH_MAX_WAIT_MS });
    // A transaction that is still open ends what can be read.
    if (fetched.every(({ partition, nextOffset }) => nextOffset === open.get(partition))) break;
    for (const { partition, records, nextOffset } of fetched) {
      const end = ends.get(partition) ?? 0;
      newest.push(...records.filter(({ offset }) => offset < end));
      if (nextOffset >= end) open.delete(partition);
      else open.set(partition, nextOffset);
    }
    newest = newestOf(newest, limits);
  }
  return newest;
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
