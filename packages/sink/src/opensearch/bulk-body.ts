import { isTombstone } from "@millrace/shared";
import type { DocumentIdOf } from "../document-id.ts";
import type { EmbeddedMessage } from "../sink.ts";

export interface BulkTarget {
  index: string;
  documentIdOf: DocumentIdOf;
  /**
   * The offset is the document's version: what comes late, in whatever order, never replaces what is newer. Offsets of
   * one key grow, since it stays in its partition.
   */
  versioned: boolean;
}

/** A bulk request's body as JSON lines: an action, and a document unless it deletes, for each message. */
export function bulkBody(target: BulkTarget, messages: readonly EmbeddedMessage[]): string {
  const lines: string[] = [];
  for (const message of messages) {
    const action = {
      _index: target.index,
      _id: target.documentIdOf(message),
      // Versions begin with 1, offsets with 0.
      ...(target.versioned && { version: message.offset + 1, version_type: "external" }),
    };
    if (isTombstone(message)) lines.push(JSON.stringify({ delete: action }));
    else lines.push(JSON.stringify({ index: action }), source(message));
  }
  lines.push("");
  return lines.join("\n");
}

function source(document: EmbeddedMessage): string {
  const { topic, partition, offset, timestampMs, key, text, model, vector } = document;
  const fields = JSON.stringify({
    text: text.toString(),
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    key: key?.toString(),
    model,
  });
  return `${fields.slice(0, -1)},"vector":${vectorJson(vector)}}`;
}

/** Nine significant digits give back the same float32; a double's seventeen would cost a third more on both sides. */
function vectorJson(vector: Float32Array): string {
  const numbers = new Array<string>(vector.length);
  for (let index = 0; index < vector.length; index++) numbers[index] = (vector[index] ?? 0).toPrecision(9);
  return `[${numbers.join(",")}]`;
}
