/** Where a message came from. `topic-partition-offset` is its identity for life. */
export interface Origin {
  topic: string;
  partition: number;
  offset: number;
  /** Kafka's record timestamp, milliseconds since 1970. */
  timestampMs: number;
}

/** Record headers in their order; a name may repeat. */
export type Headers = readonly (readonly [name: string, value: Buffer | null])[];

/** A valid source message: its original bytes, and the UTF-8 bytes of its text. */
export interface Message extends Origin {
  key: Buffer | null;
  headers: Headers;
  /** The record's value; null for a tombstone, which deletes the document of its key and has no text. */
  value: Buffer | null;
  /** The text to embed: the value itself (the same Buffer), or the field that `TEXT_FIELD` selects. */
  text: Buffer;
}

/** Whether a message deletes its document; it passes the stages without a text, a vector or a request. */
export function isTombstone(message: Pick<Message, "value">): boolean {
  return message.value === null;
}

/** The identity of a message; injective, since exactly two numbers follow the topic's name. */
export function messageId(origin: Pick<Origin, "topic" | "partition" | "offset">): string {
  return `${origin.topic}-${origin.partition}-${origin.offset}`;
}

/** The inverse of `messageId`; `undefined` for any other text. */
export function parseMessageId(id: string): Pick<Origin, "topic" | "partition" | "offset"> | undefined {
  const match = /^([a-zA-Z0-9._-]{1,249})-(\d{1,10})-(\d{1,16})$/.exec(id);
  if (!match) return undefined;
  const [, topic = "", partition, offset] = match;
  return { topic, partition: Number(partition), offset: Number(offset) };
}
