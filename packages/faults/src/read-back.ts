import { randomUUID } from "node:crypto";
import { messageId } from "@millrace/shared";
import { VectorSpace } from "@millrace/testbed";
import { z } from "zod";
import { DIMENSIONS } from "./environment.ts";
import { EXPECTATION_HEADER } from "./load.ts";
import type { SourceRecord, StoredDocument, StoredRow } from "./reconcile.ts";
import { type Services, withAdmin } from "./services.ts";

const READ_MAX_MS = 120_000;
const PAGE = 1_000;
const SCROLL = "1m";
const vectors = new VectorSpace(DIMENSIONS);

/** Every record of the source topic, up to where it ends now. */
export async function readSource(services: Services): Promise<SourceRecord[]> {
  const { kafka, topic } = services;
  const ends = await withAdmin(services, (admin) => admin.fetchTopicOffsets(topic));
  const left = new Map(ends.flatMap(({ partition, low, high }) => (low === high ? [] : [[partition, Number(high)]])));
  const records = new Map<string, SourceRecord>();
  if (left.size === 0) return [];
  const { promise: complete, resolve, reject } = Promise.withResolvers<void>();
  const consumer = kafka.consumer({ groupId: `faults-read-back-${randomUUID()}` });
  const timer = setTimeout(() => reject(new Error(`${topic} could not be read in time`)), READ_MAX_MS);
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, resolveOffset }) => {
        for (const { offset, value, headers } of batch.messages) {
          const id = messageId({ topic, partition: batch.partition, offset: Number(offset) });
          const expected = String(headers?.[EXPECTATION_HEADER]) === "valid" ? "valid" : "poison";
          records.set(id, { id, expected, text: String(value ?? "") });
          resolveOffset(offset);
        }
        if (Number(batch.lastOffset()) + 1 >= (left.get(batch.partition) ?? 0)) left.delete(batch.partition);
        if (left.size === 0) resolve();
      },
    });
    await complete;
    return [...records.values()];
  } finally {
    clearTimeout(timer);
    await consumer.disconnect().catch(() => undefined);
  }
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

/** Every document, whatever its `_id`. A scroll passes over none, even where two have the same fields. */
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
    // OpenSearch hands decimal numbers back; the nearest float32 of each must be the very one.
    hasOwnVector: vector.length === own.length && vector.every((number, index) => Math.fround(number) === own[index]),
  };
}
