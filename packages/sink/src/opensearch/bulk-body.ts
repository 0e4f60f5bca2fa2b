import { isTombstone } from "@millrace/shared";
import type { DocumentIdOf } from "../document-id.ts";
import type { EmbeddedMessage } from "../sink.ts";
import type { BulkFormat } from "./bulk-format.ts";
import { jsonFormat } from "./bulk-json.ts";
import { smileFormat } from "./bulk-smile.ts";
import type { GrowingBuffer } from "./growing-buffer.ts";

export interface BulkTarget {
  index: string;
  documentIdOf: DocumentIdOf;
  /**
   * Uses the offset as the document's version: writes in any order never replace a newer version. The offsets of one key
   * increase, since a key stays in its partition.
   */
  versioned: boolean;
  /** Writes the id as a field of the document, and lets OpenSearch generate its own. */
  idAsField?: boolean;
}

export const bulkFormats = { smile: smileFormat, json: jsonFormat };

/** Writes the body of a bulk request: per message an action and, unless it deletes, a document. */
export function writeBulkBody(
  to: GrowingBuffer,
  format: BulkFormat,
  target: BulkTarget,
  messages: readonly EmbeddedMessage[],
): void {
  for (const message of messages) {
    const verb = isTombstone(message) ? "delete" : "index";
    const id = target.documentIdOf(message);
    format.writeAction(to, {
      verb,
      index: target.index,
      ...(!target.idAsField && { id }),
      // Versions start at 1, offsets at 0.
      ...(target.versioned && { version: message.offset + 1 }),
    });
    if (verb === "index") format.writeDocument(to, message, target.idAsField ? id : undefined);
  }
}
