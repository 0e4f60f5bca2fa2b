import type { OpenSearchClient } from "@millrace/opensearch";
import { describeCause, retryable } from "@millrace/shared";
import { z } from "zod";
import { attempt } from "../outcome.ts";
import type { SearchHit } from "../search/openapi.ts";
import type { DocumentSearch, IndexQuery, IndexSearch } from "../search/search.ts";

/** The largest time of a Date; a producer that counts in nanoseconds exceeds it. */
const DATE_MAX_MS = 8.64e15;

const sourceSchema = z.object({
  /** Present on OpenSearch Serverless, which assigns `_id` itself. */
  id: z.string().optional(),
  text: z.string(),
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  timestamp: z.number(),
});

const hitSchema = z.object({
  _id: z.string(),
  _score: z.number(),
  _source: sourceSchema,
  highlight: z.object({ text: z.array(z.string()).optional() }).optional(),
});

const responseSchema = z.union([
  z.object({ hits: z.object({ hits: z.array(hitSchema) }) }),
  z.object({ error: z.object({ type: z.string(), reason: z.string().nullish(), root_cause: z.unknown() }) }),
]);
const answerSchema = z.object({ responses: z.array(responseSchema) });
type SubResponse = z.output<typeof responseSchema>;

export interface DocumentSearchOptions {
  index: string;
  /** Minimum number of candidates explored in the graph; Lucene uses `k` for it. */
  candidates: number;
  timeoutMs: number;
}

/** Sends all queries in one `_msearch`, so that a hybrid search costs one round trip. */
export function createDocumentSearch(
  client: OpenSearchClient,
  { index, candidates, timeoutMs }: DocumentSearchOptions,
): DocumentSearch {
  return {
    async search(queries) {
      const outcome = await attempt(async () => {
        const body = queries.flatMap((query) => [{ index }, requestOf(query, candidates)]);
        const answer = await client.msearch({ body }, { requestTimeout: timeoutMs });
        return answerSchema.parse(answer.body).responses;
      }, timeoutMs);
      if ("fault" in outcome) return queries.map(() => outcome);
      return queries.map((_, position) => outcomeOf(outcome.value[position]));
    },
  };
}

function requestOf(query: IndexQuery, candidates: number): Record<string, unknown> {
  const filter = query.topic === undefined ? [] : [{ term: { topic: query.topic } }];
  return {
    size: query.k,
    _source: Object.keys(sourceSchema.shape),
    ...(query.kind === "vector" ? vectorQuery(query, candidates, filter) : textQuery(query, filter)),
  };
}

/** Lucene applies the filter while it walks the graph, so that k hits remain: https://docs.opensearch.org/docs/2.19/vector-search/filter-search-knn/efficient-knn-filtering/ */
function vectorQuery(query: Extract<IndexQuery, { kind: "vector" }>, candidates: number, filter: readonly unknown[]) {
  const { vector, k: hits } = query;
  const k = Math.max(hits, candidates);
  const nearest = { vector: Array.from(vector), k, ...(filter.length > 0 && { filter: { bool: { filter } } }) };
  return { query: { knn: { vector: nearest } } };
}

function textQuery({ text }: Extract<IndexQuery, { kind: "text" }>, filter: readonly unknown[]) {
  return {
    query: { bool: { must: [{ match: { text } }], filter } },
    // HTML-encoded, so that a page can render the highlight: its only markup is <em>.
    highlight: { encoder: "html", fields: { text: { number_of_fragments: 1, fragment_size: 160 } } },
  };
}

function outcomeOf(response: SubResponse | undefined): IndexSearch {
  if (!response) return { fault: retryable("unavailable", "OpenSearch returned no response for a query") };
  if ("hits" in response) return { value: response.hits.hits.map(toHit) };
  const { type, reason, root_cause } = response.error;
  if (type === "index_not_found_exception") return { missing: true };
  return { fault: retryable("unavailable", describeCause(rootReason(root_cause) ?? reason ?? type)) };
}

/** The reason of the failed shard, instead of "all shards failed". */
function rootReason(rootCause: unknown): string | undefined {
  return z.array(z.object({ reason: z.string() })).safeParse(rootCause).data?.[0]?.reason;
}

function toHit({ _id, _score, _source, highlight }: z.output<typeof hitSchema>): SearchHit {
  const { id = _id, text, topic, partition, offset, timestamp } = _source;
  const fragment = highlight?.text?.[0];
  return {
    id,
    score: _score,
    text,
    ...{ topic, partition, offset },
    timestamp: new Date(Math.min(timestamp, DATE_MAX_MS)).toISOString(),
    ...(fragment !== undefined && { highlight: fragment }),
  };
}
