import { messageId } from "@millrace/shared";
import type { EmbeddedMessage } from "../sink.ts";

/** A bulk request's body as JSON lines: an action and a document for each message. */
export function bulkBody(index: string, documents: readonly EmbeddedMessage[]): string {
  const lines: string[] = [];
  for (const document of documents) {
    lines.push(JSON.stringify({ index: { _index: index, _id: messageId(document) } }), source(document));
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
