import type { EmbeddedMessage } from "../sink.ts";
import type { BulkAction, BulkFormat } from "./bulk-format.ts";
import type { GrowingBuffer } from "./growing-buffer.ts";
import { writeJsonFloats } from "./json-floats.ts";

/** JSON lines, which every cluster accepts. */
export const jsonFormat: BulkFormat = {
  name: "json",
  contentType: "application/x-ndjson",
  writeAction,
  writeDocument,
};

function writeAction(to: GrowingBuffer, { verb, index, id, version }: BulkAction): void {
  const versioned = version !== undefined && { version, version_type: "external" };
  to.text(`${JSON.stringify({ [verb]: { _index: index, _id: id, ...versioned } })}\n`);
}

function writeDocument(to: GrowingBuffer, message: EmbeddedMessage, id?: string): void {
  const { topic, partition, offset, timestampMs, key, text, model, vector } = message;
  const fields = JSON.stringify({
    id,
    text: text.toString(),
    topic,
    partition,
    offset,
    timestamp: timestampMs,
    key: key?.toString(),
    model,
  });
  to.text(`${fields.slice(0, -1)},"vector":`);
  writeJsonFloats(to, vector);
  to.text("}\n");
}
