import { type Message, type Patience, type Settled, type Split, settle } from "@millrace/shared";

/** A message with its vector, as it is indexed and recorded. */
export interface EmbeddedMessage extends Message {
  model: string;
  dimensions: number;
  /** `dimensions` float32, little-endian, at any alignment; empty for a tombstone. */
  vector: Buffer;
}

/** Idempotent by document id. A rejected document fails alone, never its batch. */
export interface SearchIndex {
  write(documents: readonly EmbeddedMessage[], signal: AbortSignal): Promise<Split<EmbeddedMessage>>;
}

/** Idempotent by the message's identity: one row for each message, whatever is repeated. */
export interface AuditLog {
  record(messages: readonly EmbeddedMessage[], signal: AbortSignal): Promise<Split<EmbeddedMessage>>;
}

export interface SinkEdges {
  index: SearchIndex;
  audit: AuditLog;
  patience: Patience;
}

/** Writes messages to the index in one bulk request and to the audit log in one insert, and hands back what the index rejects. */
export async function sink(messages: readonly EmbeddedMessage[], edges: SinkEdges): Promise<Settled<EmbeddedMessage>> {
  const { index, audit, patience } = edges;
  const bulkWrite = { dependency: "opensearch", action: "sink.bulk_write" } as const;
  const insert = { dependency: "postgres", action: "sink.insert" } as const;
  const indexed = await settle(messages, bulkWrite, (some, signal) => index.write(some, signal), patience);
  const recorded = await settle(indexed.done, insert, (some, signal) => audit.record(some, signal), patience);
  return { done: recorded.done, poison: [...indexed.poison, ...recorded.poison] };
}
