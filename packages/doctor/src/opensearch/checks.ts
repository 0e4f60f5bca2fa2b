import type { CheckFailure } from "../report.ts";
import type { SearchClient } from "../stores.ts";
import type { ServerAnswer } from "../url.ts";
import { type Asker, ask, denial, refusal, refusedItem, unexpected } from "./answers.ts";

/** The requests of an examination; each step uses what the previous one has read. */
export class OpenSearchChecks {
  readonly #client: SearchClient;
  readonly #asker: Asker;
  readonly #wantedDimensions: number | undefined;
  #mapping: ServerAnswer | undefined;
  #indexDimensions: number | undefined;

  /** @param wantedDimensions of the embedding model's vectors, if known */
  constructor(client: SearchClient, asker: Asker, wantedDimensions: number | undefined) {
    this.#client = client;
    this.#asker = asker;
    this.#wantedDimensions = wantedDimensions;
  }

  async readMapping(): Promise<string | CheckFailure> {
    this.#mapping = await ask(this.#client, "GET", `/${this.#index}/_mapping`);
    const failure = refusal(this.#mapping, this.#asker);
    // An authenticated principal that lacks permission has still been authenticated: the next step reports that.
    return failure && failure.code !== "opensearch_denied" ? failure : `HTTP ${this.#mapping.status}`;
  }

  /** @param triedMapping describes the request for the mapping */
  async judgeMapping(triedMapping: string): Promise<string | CheckFailure> {
    if (!this.#mapping) throw new Error("the mapping was not read");
    const denied = refusal(this.#mapping, this.#asker);
    if (denied) return { ...denied, tried: triedMapping };
    if (this.#mapping.status === 404) return this.#judgeAbsence();
    this.#indexDimensions = vectorDimensions(this.#mapping.body);
    return judgeDimensions(this.#index, this.#indexDimensions, this.#wantedDimensions);
  }

  /** @param triedHead describes the request that checks whether the index exists */
  async probe(writes: boolean, triedHead: string): Promise<string | CheckFailure> {
    if (this.#indexDimensions === undefined) return "no index yet";
    const query = { size: 0, query: { match_all: {} } };
    const found = await ask(this.#client, "POST", `/${this.#index}/_search`, query);
    const unreadable = refusal(found, this.#asker) ?? unexpected(found, [200]);
    if (unreadable) return unreadable;
    if (this.#asker.subject === "cli") return this.#askWhetherThere(triedHead);
    if (!writes) return "searched";
    const written = await ask(this.#client, "POST", "/_bulk", bulkOf(this.#index, this.#indexDimensions));
    return refusal(written, this.#asker) ?? refusedItem(written, this.#asker) ?? "searched; nothing was stored";
  }

  get #index(): string {
    return this.#asker.settings.OPENSEARCH_INDEX;
  }

  /** Without an index, the api answers searches with an empty list, so only the sink needs it. */
  async #judgeAbsence(): Promise<string | CheckFailure> {
    const { subject, settings } = this.#asker;
    const said = `HTTP 404: no index ${this.#index}`;
    if (settings.OPENSEARCH_CREATE_INDEX === false) {
      return { code: "opensearch_index_missing", said, names: { index: this.#index } };
    }
    if (subject !== "sink" && subject !== "all") return `${said}; the sink creates it`;
    // OpenSearch refuses an index without shards, but only after it has checked the permission.
    const impossible = { settings: { index: { number_of_shards: 0 } } };
    const answer = await ask(this.#client, "PUT", `/${this.#index}`, impossible);
    return refusal(answer, this.#asker) ?? `${said}; it can be created`;
  }

  /** `verify` sends this request; a HEAD response has no body that names the missing permission. */
  async #askWhetherThere(tried: string): Promise<string | CheckFailure> {
    const answer = await ask(this.#client, "HEAD", `/${this.#index}`);
    const { status } = answer;
    if (status !== 401 && status !== 403) return unexpected(answer, [200]) ?? "searched";
    return { ...denial(`HTTP ${status}`, this.#asker, "es:ESHttpHead"), tried };
  }
}

function vectorDimensions(mapping: unknown): number {
  const [first] = Object.values(mapping as Record<string, Mapping | undefined>);
  return first?.mappings?.properties?.vector?.dimension ?? 0;
}

interface Mapping {
  mappings?: { properties?: { vector?: { dimension?: number } } };
}

function judgeDimensions(index: string, has: number, wanted: number | undefined): string | CheckFailure {
  if (has === 0) return { code: "opensearch_vector_missing", said: `${index} has no knn_vector field named vector` };
  if (wanted === undefined || wanted === has) return `${has} dimensions`;
  const said = `${index} has ${has} dimensions, the embedding model ${wanted}`;
  return { code: "opensearch_dimensions", said, names: { dimensions: String(has) } };
}

function bulkOf(index: string, dimensions: number): Record<string, unknown>[] {
  const condition = { if_seq_no: Number.MAX_SAFE_INTEGER, if_primary_term: 1 };
  const vector = Array.from({ length: dimensions }, () => 1);
  return [{ index: { _index: index, _id: "millrace-doctor", ...condition } }, { text: "", vector }];
}
