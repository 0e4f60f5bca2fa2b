import type { EmbeddedMessage } from "../sink.ts";
import type { GrowingBuffer } from "./growing-buffer.ts";

export interface BulkAction {
  verb: "index" | "delete";
  index: string;
  /** Absent where OpenSearch makes one up. */
  id?: string;
  /** An external version, which begins with 1. */
  version?: number;
}

/** How the actions and documents of a bulk body are written; it is read by OpenSearch's `_bulk`. */
export interface BulkFormat {
  readonly name: "smile" | "json";
  readonly contentType: string;
  writeAction(to: GrowingBuffer, action: BulkAction): void;
  /** @param id is written as a field of the document, where it is not OpenSearch's own id */
  writeDocument(to: GrowingBuffer, message: EmbeddedMessage, id?: string): void;
}
