import { Agent, request } from "node:http";
import { text as readText } from "node:stream/consumers";
import { openClients } from "../packages/cli/src/clients.ts";
import { readConfiguration } from "../packages/shared/src/index.ts";
import { sinkConfig } from "../packages/sink/src/config.ts";
import { documentIds } from "../packages/sink/src/document-id.ts";
import { bulkFormats, writeBulkBody } from "../packages/sink/src/opensearch/bulk-body.ts";
import { GrowingBuffer } from "../packages/sink/src/opensearch/growing-buffer.ts";
import type { EmbeddedMessage } from "../packages/sink/src/sink.ts";
import { processorMicroseconds, VectorSpace } from "../packages/testbed/src/index.ts";
import { type Bench, DIMENSIONS } from "./bench.ts";
import { createIndex, type IndexKind } from "./index-kinds.ts";
import { benchEnvironment, servicePids } from "./world.ts";

export type FormatName = keyof typeof bulkFormats;

export interface Ceiling {
  /** From the first request to the last answer. */
  messagesPerS: number;
  /** Processor time of OpenSearch per document. */
  openSearchMicroseconds: number;
}

const BATCH_SIZE = 256;
const INDEX = "ceiling";

/** Bodies of bulk requests with the documents that the pipeline makes of the texts. */
export function encodeBodies({ texts, messages }: Pick<Bench, "texts" | "messages">, format: FormatName): Buffer[] {
  const target = { index: INDEX, documentIdOf: documentIds.offset, versioned: false };
  const space = new VectorSpace(DIMENSIONS);
  const buffer = new GrowingBuffer();
  const bodies: Buffer[] = [];
  for (let start = 0; start < messages; start += BATCH_SIZE) {
    buffer.length = 0;
    const numbers = Array.from({ length: Math.min(BATCH_SIZE, messages - start) }, (_, index) => start + index);
    writeBulkBody(
      buffer,
      bulkFormats[format],
      target,
      numbers.map((number) => documentOf(number, texts(number), space)),
    );
    bodies.push(Buffer.from(buffer.written));
  }
  return bodies;
}

function documentOf(number: number, text: string, space: VectorSpace): EmbeddedMessage {
  const value = Buffer.from(text);
  return {
    topic: "messages",
    partition: number % 8,
    offset: Math.floor(number / 8),
    timestampMs: Date.now(),
    key: null,
    headers: [],
    value,
    text: value,
    model: "text-embedding-3-small",
    dimensions: space.dimensions,
    vector: Buffer.from(space.vectorOf(text).buffer),
  };
}

/** Sends the bodies to a new index by bulk requests and does nothing else: no pipeline can store faster. */
export async function measureCeiling(
  bench: Bench,
  kind: IndexKind,
  format: FormatName,
  bodies: readonly Buffer[],
  concurrency: number,
): Promise<Ceiling> {
  const environment = { ...benchEnvironment(bench), OPENSEARCH_INDEX: INDEX };
  await using clients = openClients(environment, "bench");
  const { openSearch } = clients;
  await openSearch.indices.delete({ index: INDEX, ignore_unavailable: true });
  await createIndex(openSearch, readConfiguration(sinkConfig, environment), kind, DIMENSIONS);
  const { opensearch: pid } = await servicePids(bench.stack);

  const before = processorMicroseconds(pid);
  const seconds = await sendAll(
    new URL("_bulk", clients.config.OPENSEARCH_ENDPOINT),
    bulkFormats[format].contentType,
    bodies,
    concurrency,
  );
  await openSearch.indices.refresh({ index: INDEX });
  const openSearchMicroseconds = (processorMicroseconds(pid) - before) / bench.messages;
  await openSearch.indices.delete({ index: INDEX });
  return { messagesPerS: bench.messages / seconds, openSearchMicroseconds };
}

/** Returns the seconds from the first request to the last answer, the clock of `storeSeconds`. */
async function sendAll(url: URL, contentType: string, bodies: readonly Buffer[], concurrency: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const remaining = bodies.values();
  const sendSome = async (): Promise<void> => {
    for (const body of remaining) {
      const answer = await post(url, contentType, body, agent);
      if (!answer.includes('"errors":false')) throw new Error(`a bulk request failed: ${answer.slice(0, 1_000)}`);
    }
  };
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, sendSome));
  const seconds = (performance.now() - startedAtMs) / 1_000;
  agent.destroy();
  return seconds;
}

function post(url: URL, contentType: string, body: Buffer, agent: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = { "content-type": contentType, accept: "application/json", "content-length": body.length };
  request(url, { method: "POST", headers, agent }, (response) => void readText(response).then(resolve, reject))
    .on("error", reject)
    .end(body);
  return promise;
}
