import type { OpenSearchClient } from "@millrace/opensearch";
import { describeCause, type Log } from "@millrace/shared";
import type { SinkConfig } from "../config.ts";
import type { EmbeddedMessage } from "../sink.ts";
import { type BulkTarget, bulkFormats, writeBulkBody } from "./bulk-body.ts";
import type { BulkFormat } from "./bulk-format.ts";
import { GrowingBuffer } from "./growing-buffer.ts";

/** OpenSearch's answer to one document of a bulk request. */
export interface ItemResult {
  status: number;
  error?: { type: string; reason?: string | null; caused_by?: { reason?: string | null } };
}

export type BulkItem = { index?: ItemResult; delete?: ItemResult };

/** What is asked for of each item's result: a fifth of its bytes. */
const ANSWERED = ["items.*.status", "items.*.error"];

/** A larger one is not kept for the next request. */
const KEPT_BUFFER_MAX_BYTES = 16_777_216;

/**
 * Sends bulk requests in the format that the cluster takes. Where that is to be found out, the first request is the
 * probe: in SMILE, and again in JSON when SMILE is refused. Doing a part of it twice would change nothing.
 */
export class BulkRequests {
  #client: OpenSearchClient;
  #target: BulkTarget;
  #log: Log;
  #format: BulkFormat;
  #settled: boolean;
  #mayFallBack: boolean;
  /** No more of them than requests were ever in flight at once. */
  #spare: GrowingBuffer[] = [];

  constructor(client: OpenSearchClient, target: BulkTarget, wanted: SinkConfig["OPENSEARCH_BULK_FORMAT"], log: Log) {
    this.#client = client;
    this.#target = target;
    this.#log = log;
    this.#format = bulkFormats[wanted === "auto" ? "smile" : wanted];
    this.#settled = wanted !== "auto";
    this.#mayFallBack = wanted === "auto";
  }

  /** Rejects when the request fails as a whole. */
  async send(documents: readonly EmbeddedMessage[], signal: AbortSignal): Promise<BulkItem[]> {
    const format = this.#format;
    try {
      const items = await this.#request(format, documents, signal);
      this.#settle(format);
      return items;
    } catch (error) {
      if (!this.#mayFallBack || format !== bulkFormats.smile || !refusesFormat(error)) throw error;
      // Only an answer to JSON proves that SMILE was what the cluster would not take.
      const items = await this.#request(bulkFormats.json, documents, signal);
      this.#settle(bulkFormats.json, describeCause(error));
      return items;
    }
  }

  async #request(format: BulkFormat, documents: readonly EmbeddedMessage[], signal: AbortSignal): Promise<BulkItem[]> {
    const buffer = this.#spare.pop() ?? new GrowingBuffer();
    buffer.length = 0;
    writeBulkBody(buffer, format, this.#target, documents);
    // The client sends a buffer as it is; its types know arrays of objects only.
    const body = buffer.written as unknown as Record<string, unknown>[];
    const headers = { "content-type": format.contentType, accept: "application/json" };
    const request = this.#client.bulk({ body, filter_path: ANSWERED }, { headers });
    // Returns nothing: what a listener returns is awaited if it is thenable, as the request is, and its rejection thrown.
    const abort = () => void request.abort();
    signal.addEventListener("abort", abort, { once: true });
    // The second half of a batch, say, whose first half was cut off: the signal does not speak again.
    if (signal.aborted) abort();
    try {
      const answer = await request;
      // Answered, so the whole body was read. After a failure it may still be on its way: its buffer is left alone.
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

/** Not acceptable, unsupported media type, or a body that could not be parsed. */
function refusesFormat(error: unknown): boolean {
  const status = (error as { statusCode?: number }).statusCode;
  return status === 406 || status === 415 || status === 400;
}
