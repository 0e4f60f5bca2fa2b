import type { OpenSearchClient } from "@millrace/opensearch";
import type { Split } from "@millrace/shared";
import { documentIds } from "../document-id.ts";
import type { EmbeddedMessage, SearchIndex } from "../sink.ts";
import { allFailed, faultOfRequest, statusOf } from "./search-index.ts";

/** OpenSearch's limit of hits per response. A full batch has 2,048 messages; smaller ones are joined up to 200. */
const HITS_MAX = 10_000;

const idOf = documentIds.offset;

/**
 * Writes to a vector collection of OpenSearch Serverless. It generates the document ids itself, so a repeated write would
 * create a second document.
 *
 * Therefore each batch is first looked up by message id, which is a field, and only missing messages are written. A write
 * whose response was lost is retried only once it would be visible to that lookup (`OPENSEARCH_VISIBILITY_MS`). What
 * remains are redeliveries before a write is visible: docs/aws.md states the bound.
 */
export class ServerlessIndex implements SearchIndex {
  #client: OpenSearchClient;
  #index: string;
  #inner: SearchIndex;

  /** @param inner writes documents with their ids as fields */
  constructor(client: OpenSearchClient, index: string, inner: SearchIndex) {
    this.#client = client;
    this.#index = index;
    this.#inner = inner;
  }

  async write(documents: readonly EmbeddedMessage[], signal: AbortSignal): Promise<Split<EmbeddedMessage>> {
    let known: Set<string>;
    try {
      known = await this.#find(documents.map(idOf));
    } catch (error) {
      return allFailed(documents, faultOfRequest(error));
    }
    // A message may occur twice in one batch, for example after a replay.
    const unknown = Map.groupBy(
      documents.filter((document) => !known.has(idOf(document))),
      idOf,
    );
    const twinsOf = (document: EmbeddedMessage): EmbeddedMessage[] => unknown.get(idOf(document)) ?? [document];
    const firsts = [...unknown.values()].flatMap(([first]) => first ?? []);
    const written = firsts.length > 0 ? await this.#inner.write(firsts, signal) : { done: [], failed: [] };
    return {
      done: [...documents.filter((document) => known.has(idOf(document))), ...written.done.flatMap(twinsOf)],
      failed: written.failed.flatMap(({ item, fault }) => twinsOf(item).map((twin) => ({ item: twin, fault }))),
    };
  }

  async #find(ids: readonly string[]): Promise<Set<string>> {
    // Sorting fails if the field is unmapped or not a keyword, when the lookup would silently find nothing.
    const body = { size: HITS_MAX, _source: false, query: { terms: { id: ids } }, sort: [{ id: "asc" }] };
    try {
      const answer = await this.#client.search({ index: this.#index, body: body as Record<string, unknown> });
      const hits = answer.body.hits.hits as unknown as { sort: [string] }[];
      return new Set(hits.map(({ sort: [id] }) => id));
    } catch (error) {
      // The first batch creates the index.
      if (statusOf(error) === 404) return new Set();
      throw error;
    }
  }
}
