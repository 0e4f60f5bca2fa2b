import { backoffDelayMs, delay, describeCause } from "@millrace/shared";
import { type OffsetRange, ReadFailed, type ReadRecord } from "./read-record.ts";
import type { FetchedPartition } from "./reader-requests.ts";
import { isOutOfRange, type TopicReader } from "./topic-reader.ts";

const FETCH_LIMITS = { maxBytes: 1_048_576, maxWaitMs: 500 };
/** Of the fetches at one offset: a leader may be moving, or a broker restarting. */
const TRIES_MAX = 5;
const BACKOFF = { initialMs: 200, maxMs: 2_000 };

/**
 * Every record of some ranges, range after range. That a range is complete is known by the position that was reached,
 * since its last offsets may hold no record (compaction, transaction markers).
 *
 * @param signal ends the reading
 * @throws {ReadFailed} where a record can't be read: the brokers are away or refuse, or retention took it meanwhile
 */
export async function* readRanges(
  reader: TopicReader,
  topic: string,
  ranges: readonly OffsetRange[],
  signal?: AbortSignal,
): AsyncGenerator<ReadRecord, void> {
  for (const { partition, from, to } of ranges) {
    for (let position = from; position < to; ) {
      const { records, nextOffset } = await fetchPast(reader, topic, partition, position, signal);
      for (const record of records) if (record.offset < to) yield record;
      position = nextOffset;
    }
  }
}

/** What comes at an offset; always gets past it. */
async function fetchPast(
  reader: TopicReader,
  topic: string,
  partition: number,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<FetchedPartition> {
  const offsets = new Map([[partition, offset]]);
  let cause: unknown;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    if (tries > 0) await delay(backoffDelayMs(tries, BACKOFF), signal);
    signal?.throwIfAborted();
    try {
      const [fetched] = await unlessAborted(reader.fetch(topic, offsets, FETCH_LIMITS), signal);
      if (fetched && fetched.nextOffset > offset) return fetched;
      cause = "nothing comes there";
    } catch (error) {
      signal?.throwIfAborted();
      if (isOutOfRange(error)) throw new ReadFailed(describeGone(topic, partition, offset));
      cause = error;
    }
  }
  const why = describeCause(cause);
  throw new ReadFailed(`${topic}-${partition} could not be read from offset ${offset} on (${why}): try again`);
}

function describeGone(topic: string, partition: number, offset: number): string {
  return `${topic}-${partition} lost the records from offset ${offset} on before they were read (retention, or the topic was deleted): try again`;
}

async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
