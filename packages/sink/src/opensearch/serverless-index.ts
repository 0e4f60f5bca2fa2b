import type { OpenSearchClient } from "@millrace/opensearch";
import type { Split } from "@millrace/shared";
import { documentIds } from "../document-id.ts";
import type { EmbeddedMessage, SearchIndex } from "../sink.ts";
import { allFailed, faultOfRequest, statusOf } from "./search-index.ts";

/** OpenSearch's own limit of one answer; a full batch has 2,048 messages, and was joined to less than 200 at most. */
const HITS_MAX = 10_000;

const idOf = documentIds.offset;

/**
 * Writes to a vector collection of OpenSearch Serverless, which makes up the ids of its documents: there, a repeated write makes
 * a second document.
 *
 * So each batch is looked up before it is written, by the message's id, which is a field; and only what is not there is written.
 * A write that may have happened, because its answer was lost, is tried again no sooner than it would be found
 * (`OPENSEARCH_VISIBILITY_MS`). What is left are writes that nobody could find yet: docs/aws.md states the bound.
 */
export class ServerlessIndex implements SearchIndex {
  #client: OpenSearchClient;
  #index: string;
  #inner: SearchIndex;

  /** @param inner writes documents whose ids are fields */
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
    // A message may come twice in one batch, after a replay say.
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
    // Sorting is refused where the field is missing in the mapping, or is no keyword: then nothing would ever be found.
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
