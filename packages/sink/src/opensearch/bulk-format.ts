import type { EmbeddedMessage } from "../sink.ts";
import type { GrowingBuffer } from "./growing-buffer.ts";

export interface BulkAction {
  verb: "index" | "delete";
  index: string;
  /** Absent if OpenSearch generates it. */
  id?: string;
  /** An external version, starting at 1. */
  version?: number;
}

/** An encoding of actions and documents for OpenSearch's `_bulk`. */
export interface BulkFormat {
  readonly name: "smile" | "json";
  readonly contentType: string;
  writeAction(to: GrowingBuffer, action: BulkAction): void;
  /** @param id written as a field of the document, if it is not the `_id` */
  writeDocument(to: GrowingBuffer, message: EmbeddedMessage, id?: string): void;
}
