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

/** Writes documents by `_bulk` under ids of their own, so a repeated write changes nothing. */
export class OpenSearchIndex implements SearchIndex {
  #client: OpenSearchClient;
  #config: SinkConfig;
  #requests: BulkRequests;
  /** The dimensions that the index is known to take, and since when. */
  #dimensions: number | undefined;
  #inspectedAtMs = 0;
  /** How long a write that may have happened is left alone, where only a search can tell. */
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

  /** A deletion in an index that does not exist would create it, without the mapping that vectors need. */
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
   * Creates the index with the first batch, which knows the dimensions. An index of other dimensions is nobody's
   * poison: every document would be rejected, and the remedy is a new index.
   */
  async #prepare(dimensions: number): Promise<RetryableFault | undefined> {
    // Looked at again now and then: a bulk request would make an index that somebody deleted anew, without vectors.
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
      // Another process was faster: what it made is looked at again.
      if (!describeCause(error).includes("resource_already_exists_exception")) throw error;
      return (await readDimensions(this.#client, index)) ?? NO_VECTOR;
    }
    return dimensions;
  }

  /** A request that is too large for the cluster (`http.max_content_length`, 10 MB on small AWS instances) is halved. */
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
      // Without an answer, or after an error of the server, it is unknown which documents were written.
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

/** What `readDimensions` says of an index without a vector field. */
const NO_VECTOR = 0;

/** The dimensions of the index's vector field; `undefined` where the index does not exist. */
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
  return `index ${index} does not exist and OPENSEARCH_CREATE_INDEX is false: create it, or let the sink do so`;
}

/**
 * Whether an answer 400 is about what the document contains: a field that can't be parsed, or a term that is too long for the
 * index. All other documents fare alike in a closed index, behind an alias without a write index, under a strict mapping, or
 * where the index was replaced by one of other dimensions: that may heal.
 */
function provesPoison({ error }: ItemResult): boolean {
  if (error?.type === "mapper_parsing_exception") {
    return !error.caused_by?.reason?.startsWith("Vector dimension mismatch");
  }
  return error?.reason?.startsWith("Document contains at least one immense term") ?? false;
}

/** A document is poison only where OpenSearch says that its content does not fit the index. */
function faultOfItem(result: ItemResult | undefined): Fault | undefined {
  if (result === undefined) return retryable("unavailable", "the bulk answer has no result for a document");
  // 409: the index has this version already, or a newer one.
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

/** 404: there was no document to delete. */
function faultOfDeletion(result: ItemResult): Fault | undefined {
  return result.status === 404 ? undefined : faultOfItem(result);
}

/** Refused whatever the documents are: credentials, the index, or the format (406 and 415). */
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
