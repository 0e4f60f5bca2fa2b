import { createHash } from "node:crypto";
import { type Message, messageId } from "@millrace/shared";

/** OpenSearch accepts ids of up to 512 bytes; the topic and a separator precede the key. */
const KEY_MAX_BYTES = 128;

/** Names the document that a message writes or deletes. */
export type DocumentIdOf = (message: Pick<Message, "topic" | "partition" | "offset" | "key">) => string;

/** `offset`: one document per message. `key`: one per key of a topic. Both are injective. */
export const documentIds: Record<"offset" | "key", DocumentIdOf> = {
  offset: messageId,
  key: ({ topic, key }) => `${topic}:${keyName(key ?? Buffer.alloc(0))}`,
};

/** A key may be any bytes: encoded as base64url, or as its SHA-256 if long; the first letter distinguishes the two. */
function keyName(key: Buffer): string {
  if (key.length <= KEY_MAX_BYTES) return `k${key.toString("base64url")}`;
  return `h${createHash("sha256").update(key).digest("base64url")}`;
}
