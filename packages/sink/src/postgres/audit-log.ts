import type { Pool } from "@millrace/postgres";
import {
  type DeadLetter,
  isTombstone,
  messageId,
  orAborted,
  type RetryableFault,
  retryable,
  type Split,
} from "@millrace/shared";
import type { DocumentIdOf } from "../document-id.ts";
import type { AuditLog, EmbeddedMessage } from "../sink.ts";
import { insertRows, type LogRow } from "./insert-rows.ts";

/** Enough of a refused message to recognise it; the whole of it is in the dead-letter topic. */
const REFUSED_CONTENT_MAX_BYTES = 8_192;

/** The table demo_log. */
export class PostgresAuditLog implements AuditLog {
  #pool: Pool;
  #index: string;
  #documentIdOf: DocumentIdOf;

  constructor(pool: Pool, index: string, documentIdOf: DocumentIdOf) {
    this.#pool = pool;
    this.#index = index;
    this.#documentIdOf = documentIdOf;
  }

  record(messages: readonly EmbeddedMessage[], signal: AbortSignal): Promise<Split<EmbeddedMessage>> {
    return this.#insert("INFO", messages, (message) => this.#indexedRow(message), signal);
  }

  /** Writes the ERROR rows of dead letters. */
  recordRefused(letters: readonly DeadLetter[], signal: AbortSignal): Promise<Split<DeadLetter>> {
    return this.#insert("ERROR", letters, refusedRow, signal);
  }

  async #insert<Item>(
    level: LogRow["level"],
    items: readonly Item[],
    toRow: (item: Item) => LogRow,
    signal: AbortSignal,
  ): Promise<Split<Item>> {
    // A message may come twice in one batch, after a replay say; one statement may touch a row only once.
    const rows = new Map(items.map(toRow).map((row) => [messageId(row), row]));
    try {
      await orAborted(insertRows(this.#pool, level, [...rows.values()]), signal);
      return { done: [...items], failed: [] };
    } catch (error) {
      signal.throwIfAborted();
      const fault = faultOf(error);
      return { done: [], failed: items.map((item) => ({ item, fault })) };
    }
  }

  #indexedRow(message: EmbeddedMessage): LogRow {
    return {
      topic: message.topic,
      partition: message.partition,
      offset: message.offset,
      content: isTombstone(message) ? null : message.text.toString(),
      model: isTombstone(message) ? null : message.model,
      dimensions: isTombstone(message) ? null : message.dimensions,
      index: this.#index,
      documentId: this.#documentIdOf(message),
      level: "INFO",
      errorCode: null,
      errorCause: null,
    };
  }
}

function refusedRow({ origin, value, fault }: DeadLetter): LogRow {
  return {
    topic: origin.topic,
    partition: origin.partition,
    offset: origin.offset,
    content: value === null ? null : value.subarray(0, REFUSED_CONTENT_MAX_BYTES).toString(),
    model: null,
    dimensions: null,
    index: null,
    documentId: null,
    level: "ERROR",
    errorCode: fault.code,
    errorCause: fault.cause,
  };
}

/** A missing table or right (SQLSTATE class 42), or a wrong password (28), is mended by an operator; the rest heals. */
function faultOf(error: unknown): RetryableFault {
  const state = (error as { code?: string }).code ?? "";
  return retryable(/^(42|28|3D)/.test(state) ? "misconfigured" : "unavailable", error);
}
