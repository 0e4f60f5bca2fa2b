import { type DeadLetter, messageId, type Pool, type RetryableFault, retryable, type Split } from "@millrace/shared";
import type { AuditLog, EmbeddedMessage } from "../sink.ts";
import { insertRows, type LogRow } from "./insert-rows.ts";

/** Enough of a refused message to recognise it; the whole of it is in the dead-letter topic. */
const REFUSED_CONTENT_MAX_BYTES = 8_192;

/** The table demo_log. */
export class PostgresAuditLog implements AuditLog {
  #pool: Pool;
  #index: string;

  constructor(pool: Pool, index: string) {
    this.#pool = pool;
    this.#index = index;
  }

  record(messages: readonly EmbeddedMessage[]): Promise<Split<EmbeddedMessage>> {
    return this.#insert(messages, (message) => this.#indexedRow(message));
  }

  /** Writes the ERROR rows of dead letters. */
  recordRefused(letters: readonly DeadLetter[]): Promise<Split<DeadLetter>> {
    return this.#insert(letters, refusedRow);
  }

  async #insert<Item>(items: readonly Item[], toRow: (item: Item) => LogRow): Promise<Split<Item>> {
    try {
      await insertRows(this.#pool, items.map(toRow));
      return { done: [...items], failed: [] };
    } catch (error) {
      const fault = faultOf(error);
      return { done: [], failed: items.map((item) => ({ item, fault })) };
    }
  }

  #indexedRow(message: EmbeddedMessage): LogRow {
    return {
      topic: message.topic,
      partition: message.partition,
      offset: message.offset,
      content: message.text.toString(),
      model: message.model,
      dimensions: message.vector.length,
      index: this.#index,
      documentId: messageId(message),
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
