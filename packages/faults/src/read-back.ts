import { createTopicReader, readRanges } from "@millrace/kafka";
import { messageId } from "@millrace/shared";
import { VectorSpace } from "@millrace/testbed";
import { z } from "zod";
import { DIMENSIONS } from "./environment.ts";
import { EXPECTATION_HEADER } from "./load.ts";
import type { SourceRecord, StoredDocument, StoredRow } from "./reconcile.ts";
import type { Services } from "./services.ts";

const READ_MAX_MS = 120_000;
const PAGE = 1_000;
const SCROLL = "1m";
const vectors = new VectorSpace(DIMENSIONS);

/** Every record of the source topic, up to its current end. */
export async function readSource({ kafka, topic }: Services): Promise<SourceRecord[]> {
  await using reader = createTopicReader(kafka);
  const ranges = (await reader.ranges(topic)) ?? [];
  const records: SourceRecord[] = [];
  for await (const { value, headers, ...origin } of readRanges(
    reader,
    topic,
    ranges,
    AbortSignal.timeout(READ_MAX_MS),
  )) {
    const expectation = headers.find(([name]) => name === EXPECTATION_HEADER)?.[1];
    const expected = String(expectation) === "valid" ? "valid" : "poison";
    records.push({ id: messageId(origin), expected, text: String(value ?? "") });
  }
  return records;
}

export async function readRows({ postgres }: Services): Promise<StoredRow[]> {
  const { rows } = await postgres.query<StoredRow>(
    "SELECT kafka_topic || '-' || kafka_partition || '-' || kafka_offset AS id, log_level AS level FROM demo_log",
  );
  return rows;
}

const pageSchema = z.object({
  _scroll_id: z.string(),
  hits: z.object({
    hits: z.array(
      z.object({
        _source: z.object({
          topic: z.string(),
          partition: z.number(),
          offset: z.number(),
          text: z.string(),
          vector: z.array(z.number()),
        }),
      }),
    ),
  }),
});

/** Every document, regardless of its `_id`. A scroll skips none, even if two have the same fields. */
export async function readDocuments({ openSearch, config }: Services): Promise<StoredDocument[]> {
  const index = config.OPENSEARCH_INDEX;
  await openSearch.indices.refresh({ index });
  const documents: StoredDocument[] = [];
  const first = await openSearch.search({ index, scroll: SCROLL, size: PAGE, body: { query: { match_all: {} } } });
  let page = pageSchema.parse(first.body);
  while (page.hits.hits.length > 0) {
    for (const { _source } of page.hits.hits) documents.push(toDocument(_source));
    const next = await openSearch.scroll({ body: { scroll_id: page._scroll_id, scroll: SCROLL } });
    page = pageSchema.parse(next.body);
  }
  await openSearch.clearScroll({ body: { scroll_id: [page._scroll_id] } });
  return documents;
}

type Source = z.output<typeof pageSchema>["hits"]["hits"][number]["_source"];

function toDocument(source: Source): StoredDocument {
  const own = vectors.vectorOf(source.text);
  const { vector } = source;
  return {
    id: messageId(source),
    text: source.text,
    // OpenSearch returns decimal numbers; the nearest float32 of each must be the exact value.
    hasOwnVector: vector.length === own.length && vector.every((number, index) => Math.fround(number) === own[index]),
  };
}
