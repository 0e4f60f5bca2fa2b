import { describeCause } from "@millrace/shared";
import { type OffsetRange, ReadFailed, type ReadRecord } from "./read-record.ts";
import type { FetchedPartition } from "./reader-requests.ts";
import { retryBroker } from "./retry-broker.ts";
import { isOutOfRange, type TopicReader } from "./topic-reader.ts";

const FETCH_LIMITS = { maxBytes: 1_048_576, maxWaitMs: 500 };

/**
 * Every record of some ranges, range after range. A range is complete when its end is reached, not with its last record:
 * its last offsets may hold none (compaction, transaction markers).
 *
 * @param signal ends the reading
 * @throws {ReadFailed} if a record can't be read: the brokers are away or refuse, or retention deleted it meanwhile
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

/** The records at an offset; always moves beyond it. */
async function fetchPast(
  reader: TopicReader,
  topic: string,
  partition: number,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<FetchedPartition> {
  const offsets = new Map([[partition, offset]]);
  try {
    return await retryBroker(
      async () => {
        const [fetched] = await unlessAborted(reader.fetch(topic, offsets, FETCH_LIMITS), signal);
        if (fetched && fetched.nextOffset > offset) return fetched;
        throw new Error("no record arrived");
      },
      // A broker that restarts comes back; a deleted record does not.
      { mayHeal: (error) => !isOutOfRange(error), signal },
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw new ReadFailed(
      isOutOfRange(error) ? gone(topic, partition, offset) : failed(topic, partition, offset, error),
    );
  }
}

function gone(topic: string, partition: number, offset: number): string {
  return `${topic}-${partition} lost the records from offset ${offset} on before they were read (retention, or the topic was deleted): try again`;
}

function failed(topic: string, partition: number, offset: number, error: unknown): string {
  return `${topic}-${partition} could not be read from offset ${offset} on (${describeCause(error)}): try again`;
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
