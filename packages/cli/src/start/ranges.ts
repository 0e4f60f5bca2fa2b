import type { Clients } from "@millrace/shared";

/** A part of one partition: the offsets from `first`, and before `next`. */
export interface Range {
  partition: number;
  first: number;
  next: number;
}

/** Of each partition the offset that its next message will get. */
export type Ends = ReadonlyMap<number, number>;

export async function readEnds({ kafka, topic }: Clients): Promise<Ends> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  } finally {
    await admin.disconnect();
  }
}

/** What was added between two readings: data of earlier runs stays out of this run's counts. */
export function rangesBetween(before: Ends, after: Ends): Range[] {
  return [...after]
    .map(([partition, next]) => ({ partition, first: before.get(partition) ?? 0, next }))
    .filter(({ first, next }) => next > first);
}

export function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { first, next }) => sum + next - first, 0);
}
