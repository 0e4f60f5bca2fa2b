import type { Log, RetryableFault } from "@millrace/shared";
import type { Outcome } from "../outcome.ts";
import { HttpProblem } from "../problem.ts";
import type { SearchAnswer, SearchHit, SearchMode } from "./openapi.ts";
import { fuseRankings } from "./reciprocal-rank-fusion.ts";

/** `refused`: the text itself cannot be embedded, for example because it is too long. */
export type Embedding = Outcome<{ model: string; vector: Float32Array }> | { refused: string };

/** Embeds a search text with the same model as the documents. */
export interface QueryEmbedder {
  embed(text: string): Promise<Embedding>;
}

export type IndexQuery = { k: number; topic?: string } & (
  | { kind: "text"; text: string }
  | { kind: "vector"; vector: Float32Array }
);

/** The result of a query. A missing index is not a fault. */
export type IndexSearch = Outcome<SearchHit[]> | { missing: true };

/** Runs several queries at once; each succeeds or fails alone. */
export interface DocumentSearch {
  search(queries: readonly IndexQuery[]): Promise<IndexSearch[]>;
}

export interface SearchEdges {
  documentSearch: DocumentSearch;
  queryEmbedder: QueryEmbedder;
  log: Log;
}

/** A document with a low rank in both rankings may rank high in the fusion, so each query fetches more hits. */
const CANDIDATES_MIN = 50;

export interface SearchQuery {
  q: string;
  mode: SearchMode;
  k: number;
  topic?: string | undefined;
}

export function search(query: SearchQuery, edges: SearchEdges): Promise<SearchAnswer> {
  switch (query.mode) {
    case "semantic":
      return searchSemantic(query, edges);
    case "text":
      return searchText(query, edges);
    case "hybrid":
      return searchHybrid(query, edges);
  }
}

async function searchSemantic(query: SearchQuery, edges: SearchEdges): Promise<SearchAnswer> {
  const embedded = await embed(query.q, edges.queryEmbedder);
  if ("fault" in embedded) throw new HttpProblem("unavailable", `embed: ${embedded.fault.cause}`);
  const [found] = await edges.documentSearch.search([vectorQuery(query, query.k, embedded.value.vector)]);
  return { mode: query.mode, hits: hitsOf(found) };
}

async function searchText(query: SearchQuery, edges: SearchEdges): Promise<SearchAnswer> {
  const [found] = await edges.documentSearch.search([textQuery(query, query.k)]);
  return { mode: query.mode, hits: hitsOf(found) };
}

async function searchHybrid(query: SearchQuery, edges: SearchEdges): Promise<SearchAnswer> {
  const candidates = Math.max(query.k, CANDIDATES_MIN);
  const embedded = await embed(query.q, edges.queryEmbedder);
  const byText = textQuery(query, candidates);
  if ("fault" in embedded)
    return degraded(query, (await edges.documentSearch.search([byText]))[0], "embed", embedded.fault);
  const byVector = vectorQuery(query, candidates, embedded.value.vector);
  const [texts, vectors] = await edges.documentSearch.search([byText, byVector]);
  // For example an index with another model's vectors: searching by words still works.
  if (vectors && "fault" in vectors) return degraded(query, texts, "OpenSearch", vectors.fault);
  return { mode: query.mode, hits: fuse(hitsOf(texts), hitsOf(vectors)).slice(0, query.k) };
}

async function embed(text: string, embedder: QueryEmbedder): Promise<Exclude<Embedding, { refused: string }>> {
  const embedded = await embedder.embed(text);
  if (!("refused" in embedded)) return embedded;
  const errors = [{ path: "q", message: embedded.refused }];
  throw new HttpProblem("invalid-parameter", "the text could not be embedded", { errors });
}

function degraded(
  query: SearchQuery,
  texts: IndexSearch | undefined,
  who: string,
  fault: RetryableFault,
): SearchAnswer {
  const hits = hitsOf(texts).slice(0, query.k);
  return { mode: query.mode, hits, degraded: `searched by words only; ${who}: ${fault.cause}` };
}

/** Prefers the text query's hits, as only they have highlights. */
function fuse(texts: readonly SearchHit[], vectors: readonly SearchHit[]): SearchHit[] {
  const byId = new Map([...vectors, ...texts].map((hit) => [hit.id, hit]));
  const fused = fuseRankings([texts.map(({ id }) => id), vectors.map(({ id }) => id)]);
  return fused.flatMap(({ id, score }) => {
    const hit = byId.get(id);
    return hit ? [{ ...hit, score }] : [];
  });
}

function hitsOf(found: IndexSearch | undefined): SearchHit[] {
  if (!found || "missing" in found) {
    throw new HttpProblem("nothing-indexed", "nothing has been indexed yet: publish a message first");
  }
  if ("value" in found) return found.value;
  throw new HttpProblem(found.fault.code === "timeout" ? "timeout" : "unavailable", `OpenSearch: ${found.fault.cause}`);
}

function vectorQuery({ topic }: SearchQuery, k: number, vector: Float32Array): IndexQuery {
  return { kind: "vector", vector, k, ...(topic !== undefined && { topic }) };
}

function textQuery({ q, topic }: SearchQuery, k: number): IndexQuery {
  return { kind: "text", text: q, k, ...(topic !== undefined && { topic }) };
}
