import type { OpenSearchClient } from "@millrace/opensearch";
import { describeCause, type Log } from "@millrace/shared";
import type { SinkConfig } from "../config.ts";
import type { EmbeddedMessage } from "../sink.ts";
import { type BulkTarget, bulkFormats, writeBulkBody } from "./bulk-body.ts";
import type { BulkFormat } from "./bulk-format.ts";
import { GrowingBuffer } from "./growing-buffer.ts";

/** OpenSearch's response to one document of a bulk request. */
export interface ItemResult {
  status: number;
  error?: { type: string; reason?: string | null; caused_by?: { reason?: string | null } };
}

export type BulkItem = { index?: ItemResult; delete?: ItemResult };

/** The requested fields of each item's result: a fifth of its bytes. */
const ANSWERED = ["items.*.status", "items.*.error"];

/** Larger buffers are not reused. */
const KEPT_BUFFER_MAX_BYTES = 16_777_216;

/**
 * Sends bulk requests in a format that the cluster accepts. With `auto`, the first request is the probe: SMILE, then JSON
 * if SMILE is refused. Repeating part of it is harmless, since writes are idempotent.
 */
export class BulkRequests {
  #client: OpenSearchClient;
  #target: BulkTarget;
  #log: Log;
  #format: BulkFormat;
  #settled: boolean;
  #mayFallBack: boolean;
  /** Never more than there were concurrent requests. */
  #spare: GrowingBuffer[] = [];

  constructor(client: OpenSearchClient, target: BulkTarget, wanted: SinkConfig["OPENSEARCH_BULK_FORMAT"], log: Log) {
    this.#client = client;
    this.#target = target;
    this.#log = log;
    this.#format = bulkFormats[wanted === "auto" ? "smile" : wanted];
    this.#settled = wanted !== "auto";
    this.#mayFallBack = wanted === "auto";
  }

  /** Rejects if the request as a whole fails. */
  async send(documents: readonly EmbeddedMessage[], signal: AbortSignal): Promise<BulkItem[]> {
    const format = this.#format;
    try {
      const items = await this.#request(format, documents, signal);
      this.#settle(format);
      return items;
    } catch (error) {
      if (!this.#mayFallBack || format !== bulkFormats.smile || !refusesFormat(error)) throw error;
      // Only a successful JSON request proves that the cluster refused SMILE itself.
      const items = await this.#request(bulkFormats.json, documents, signal);
      this.#settle(bulkFormats.json, describeCause(error));
      return items;
    }
  }

  async #request(format: BulkFormat, documents: readonly EmbeddedMessage[], signal: AbortSignal): Promise<BulkItem[]> {
    const buffer = this.#spare.pop() ?? new GrowingBuffer();
    buffer.length = 0;
    writeBulkBody(buffer, format, this.#target, documents);
    // The client sends a Buffer unchanged, though its types allow only arrays of objects.
    const body = buffer.written as unknown as Record<string, unknown>[];
    const headers = { "content-type": format.contentType, accept: "application/json" };
    const request = this.#client.bulk({ body, filter_path: ANSWERED }, { headers });
    // Must not return the request: Node awaits a thenable that a listener returns and throws its rejection.
    const abort = () => void request.abort();
    signal.addEventListener("abort", abort, { once: true });
    // An aborted signal fires no further event, as for the second half of a batch whose first half was aborted.
    if (signal.aborted) abort();
    try {
      const answer = await request;
      // The server responded, so it has read the whole body. After a failure the buffer may still be in use.
      if (buffer.bytes.length <= KEPT_BUFFER_MAX_BYTES) this.#spare.push(buffer);
      return answer.body.items as unknown as BulkItem[];
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #settle(format: BulkFormat, cause?: string): void {
    if (this.#settled && this.#format === format) return;
    this.#format = format;
    this.#settled = true;
    this.#log.record("sink.bulk_format", "ok", undefined, { format: format.name, ...(cause && { cause }) });
  }
}

/** Not acceptable, unsupported media type, or an unparsable body. */
function refusesFormat(error: unknown): boolean {
  const status = (error as { statusCode?: number }).statusCode;
  return status === 406 || status === 415 || status === 400;
}
