import type { OpenSearchClient } from "@millrace/opensearch";
import {
  bisect,
  describeCause,
  type Failure,
  type Fault,
  isTombstone,
  type Log,
  poison,
  type RetryableFault,
  retryable,
  type Split,
} from "@millrace/shared";
import type { SinkConfig } from "../config.ts";
import { documentIds } from "../document-id.ts";
import type { EmbeddedMessage, SearchIndex } from "../sink.ts";
import { type BulkItem, BulkRequests, type ItemResult } from "./bulk-requests.ts";
import { indexDefinition } from "./index-definition.ts";

/** Writes documents by `_bulk` with deterministic ids, so a repeated write changes nothing. */
export class OpenSearchIndex implements SearchIndex {
  #client: OpenSearchClient;
  #config: SinkConfig;
  #requests: BulkRequests;
  /** The index's dimensions as of the last inspection. */
  #dimensions: number | undefined;
  #inspectedAtMs = 0;
  /** The retry delay after a write that may have happened, if only a search can tell. */
  #untilVisible: { retryAfterMs?: number };

  constructor(client: OpenSearchClient, config: SinkConfig, log: Log) {
    this.#client = client;
    this.#config = config;
    this.#untilVisible =
      config.OPENSEARCH_AWS_SERVICE === "aoss" ? { retryAfterMs: config.OPENSEARCH_VISIBILITY_MS } : {};
    const target = {
      index: config.OPENSEARCH_INDEX,
      documentIdOf: documentIds[config.DOCUMENT_ID],
      versioned: config.DOCUMENT_ID === "key",
      idAsField: config.OPENSEARCH_AWS_SERVICE === "aoss",
    };
    this.#requests = new BulkRequests(client, target, config.OPENSEARCH_BULK_FORMAT, log);
  }

  async write(documents: readonly EmbeddedMessage[], signal: AbortSignal): Promise<Split<EmbeddedMessage>> {
    const withVector = documents.find((document) => !isTombstone(document));
    if (withVector === undefined) return this.#delete(documents, signal);
    const unfit = await this.#prepare(withVector.dimensions);
    if (unfit) return allFailed(documents, unfit);
    return this.#bulk(documents, signal);
  }

  /** Skips deletions in a missing index: they would create it without the vector mapping. */
  async #delete(tombstones: readonly EmbeddedMessage[], signal: AbortSignal): Promise<Split<EmbeddedMessage>> {
    try {
      this.#dimensions ??= await readDimensions(this.#client, this.#config.OPENSEARCH_INDEX);
    } catch (error) {
      return allFailed(tombstones, faultOfRequest(error));
    }
    if (this.#dimensions === undefined || tombstones.length === 0) return { done: [...tombstones], failed: [] };
    return this.#bulk(tombstones, signal);
  }

  /**
   * Creates the index with the first batch, which determines the dimensions. An index of other dimensions is retryable,
   * not poison: it would reject every document, and the remedy is a new index.
   */
  async #prepare(dimensions: number): Promise<RetryableFault | undefined> {
    // Inspected periodically: a bulk request would recreate a deleted index without the vector mapping.
    const fresh = Date.now() - this.#inspectedAtMs < INSPECTION_MS;
    if (this.#dimensions === dimensions && fresh) return undefined;
    const index = this.#config.OPENSEARCH_INDEX;
    try {
      const existing = await readDimensions(this.#client, index);
      if (existing === undefined && !this.#config.OPENSEARCH_CREATE_INDEX) {
        return retryable("misconfigured", missingIndex(index));
      }
      this.#dimensions = existing ?? (await this.#create(dimensions));
      this.#inspectedAtMs = Date.now();
    } catch (error) {
      return faultOfRequest(error);
    }
    if (this.#dimensions === dimensions) return undefined;
    const has = this.#dimensions === NO_VECTOR ? "no knn_vector field named vector" : `${this.#dimensions} dimensions`;
    return retryable(
      "misconfigured",
      `index ${index} has ${has}, the vectors have ${dimensions}: set OPENSEARCH_INDEX to a new index`,
    );
  }

  async #create(dimensions: number): Promise<number> {
    const index = this.#config.OPENSEARCH_INDEX;
    try {
      await this.#client.indices.create({ index, body: indexDefinition(this.#config, dimensions) });
    } catch (error) {
      // Another process created it first; inspect that index.
      if (!describeCause(error).includes("resource_already_exists_exception")) throw error;
      return (await readDimensions(this.#client, index)) ?? NO_VECTOR;
    }
    return dimensions;
  }

  /** Halves requests too large for the cluster (`http.max_content_length`, 10 MB on small AWS instances). */
  async #bulk(documents: readonly EmbeddedMessage[], signal: AbortSignal): Promise<Split<EmbeddedMessage>> {
    const split: Split<EmbeddedMessage> = { done: [], failed: [] };
    for await (const part of bisect(documents, (some) => this.#attempt(some, signal))) {
      const { done, failed } = "taken" in part ? part.taken : allFailed(part.items, part.refusal);
      split.done.push(...done);
      split.failed.push(...failed);
    }
    return split;
  }

  async #attempt(
    documents: readonly EmbeddedMessage[],
    signal: AbortSignal,
  ): Promise<{ taken: Split<EmbeddedMessage> } | { refusal: Fault }> {
    try {
      return { taken: this.#split(documents, await this.#requests.send(documents, signal)) };
    } catch (error) {
      const status = statusOf(error);
      const fault = faultOfRequest(error);
      if (status === 413) return { refusal: fault };
      // Without a response, or after a server error, it is unknown which documents were written.
      const isAmbiguous = status === undefined || status >= 500;
      return { taken: allFailed(documents, isAmbiguous ? { ...fault, ...this.#untilVisible } : fault) };
    }
  }

  #split(documents: readonly EmbeddedMessage[], items: readonly BulkItem[]): Split<EmbeddedMessage> {
    const split: Split<EmbeddedMessage> = { done: [], failed: [] };
    documents.forEach((document, position) => {
      const item = items[position];
      const fault = item?.delete ? faultOfDeletion(item.delete) : faultOfItem(item?.index);
      if (fault) split.failed.push({ item: document, fault });
      else split.done.push(document);
      if (fault?.kind === "retryable" && fault.code === "misconfigured") this.#dimensions = undefined;
    });
    return split;
  }
}

const INSPECTION_MS = 5_000;

/** The result of `readDimensions` for an index without a vector field. */
const NO_VECTOR = 0;

/** The dimensions of the index's vector field; `undefined` if the index does not exist. */
export async function readDimensions(client: OpenSearchClient, index: string): Promise<number | undefined> {
  try {
    const { body } = await client.indices.getMapping({ index });
    const [mapping] = Object.values(body) as { mappings?: { properties?: { vector?: { dimension?: number } } } }[];
    return mapping?.mappings?.properties?.vector?.dimension ?? NO_VECTOR;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

export function missingIndex(index: string): string {
  return `index ${index} does not exist and OPENSEARCH_CREATE_INDEX is false: create it, or set OPENSEARCH_CREATE_INDEX=true`;
}

/**
 * Whether a status 400 is due to the document's content: an unparsable field, or a term too long for the index. A closed
 * index, an alias without a write index, a strict mapping and an index replaced by one of other dimensions fail every
 * document alike: these may heal.
 */
function provesPoison({ error }: ItemResult): boolean {
  if (error?.type === "mapper_parsing_exception") {
    return !error.caused_by?.reason?.startsWith("Vector dimension mismatch");
  }
  return error?.reason?.startsWith("Document contains at least one immense term") ?? false;
}

/** A document is poison only if OpenSearch reports that its content does not fit the index. */
function faultOfItem(result: ItemResult | undefined): Fault | undefined {
  if (result === undefined) return retryable("unavailable", "the bulk response has no result for a document");
  // 409: the index already has this version or a newer one.
  if (result.status < 300 || result.status === 409) return undefined;
  const { error } = result;
  const said = [`HTTP ${result.status}`, error?.type, error?.reason, error?.caused_by?.reason]
    .filter(Boolean)
    .join(": ");
  if (result.status === 400) return provesPoison(result) ? poison("rejected", said) : retryable("misconfigured", said);
  if (result.status === 429) return retryable("rate_limited", said);
  if (result.status === 404 || result.status === 403) return retryable("misconfigured", said);
  return retryable("unavailable", said);
}

/** 404: no document to delete. */
function faultOfDeletion(result: ItemResult): Fault | undefined {
  return result.status === 404 ? undefined : faultOfItem(result);
}

/** Rejected regardless of the documents: credentials, the index, or the format (406 and 415). */
const MISCONFIGURED = new Set([400, 401, 403, 404, 406, 415]);

export function faultOfRequest(error: unknown): RetryableFault {
  const status = statusOf(error);
  if (status === 429) return retryable("rate_limited", error);
  if (status !== undefined && MISCONFIGURED.has(status)) return retryable("misconfigured", error);
  return retryable("unavailable", error);
}

export function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}

export function allFailed(documents: readonly EmbeddedMessage[], fault: Fault): Split<EmbeddedMessage> {
  const failed: Failure<EmbeddedMessage>[] = documents.map((item) => ({ item, fault }));
  return { done: [], failed };
}
