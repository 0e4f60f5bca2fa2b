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
   * The offset is the document's version: what comes late, in whatever order, never replaces what is newer. Offsets of
   * one key grow, since it stays in its partition.
   */
  versioned: boolean;
  /** The id is a field of the document, and OpenSearch makes up its own. */
  idAsField?: boolean;
}

export const bulkFormats = { smile: smileFormat, json: jsonFormat };

/** Writes a bulk request's body: an action, and a document unless it deletes, for each message. */
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
      // Versions begin with 1, offsets with 0.
      ...(target.versioned && { version: message.offset + 1 }),
    });
    if (verb === "index") format.writeDocument(to, message, target.idAsField ? id : undefined);
  }
}
