import { createHash } from "node:crypto";
import { type Message, messageId } from "@millrace/shared";

/** OpenSearch takes ids of at most 512 bytes; the topic and a separator come before the key. */
const KEY_MAX_BYTES = 128;

/** Names the document that a message writes or deletes. */
export type DocumentIdOf = (message: Pick<Message, "topic" | "partition" | "offset" | "key">) => string;

/** `offset`: a document for each message. `key`: one for each key of a topic. Both are injective. */
export const documentIds: Record<"offset" | "key", DocumentIdOf> = {
  offset: messageId,
  key: ({ topic, key }) => `${topic}:${keyName(key ?? Buffer.alloc(0))}`,
};

/** A key may be any bytes: base64url, or the SHA-256 of a long one; told apart by their first letter. */
function keyName(key: Buffer): string {
  if (key.length <= KEY_MAX_BYTES) return `k${key.toString("base64url")}`;
  return `h${createHash("sha256").update(key).digest("base64url")}`;
}
