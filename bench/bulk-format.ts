// Compares the cost of bulk request formats in one run, on a flat index of the stack's OpenSearch:
//   npm run bench:bulk-format [-- --rounds 3] [--stack NAME] [--json]
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { openOpenSearch } from "../packages/opensearch/src/client.ts";
import { Health, Log, readConfiguration } from "../packages/shared/src/index.ts";
import { type SinkConfig, sinkConfig } from "../packages/sink/src/config.ts";
import { documentIds } from "../packages/sink/src/document-id.ts";
import { bulkFormats, writeBulkBody } from "../packages/sink/src/opensearch/bulk-body.ts";
import { GrowingBuffer } from "../packages/sink/src/opensearch/growing-buffer.ts";
import { OpenSearchIndex } from "../packages/sink/src/opensearch/search-index.ts";
import type { EmbeddedMessage } from "../packages/sink/src/sink.ts";
import { isolated, lease, type Stack, status } from "../packages/stack/src/index.ts";
import { processorMicroseconds } from "../packages/testbed/src/index.ts";
import { createIndex } from "./index-kinds.ts";
import { madeUpMessages } from "./made-up-messages.ts";
import { Rounds, table } from "./table.ts";

type FormatName = keyof typeof bulkFormats;

/** All but the first are per document; times in µs. */
interface Measurement {
  "documents/s": number;
  "OpenSearch CPU µs": number;
  "sink CPU µs": number;
  "of it encoding µs": number;
  bytes: number;
}

const JOBS = [
  { dimensions: 256, count: 12_288 },
  { dimensions: 1_536, count: 6_144 },
];
const BATCH_SIZE = 256;
/** The sink's default (`SINK_CONCURRENCY`). */
const IN_FLIGHT = 2;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    stack: { type: "string", default: "bench" },
    json: { type: "boolean", default: false },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);

process.env.MILLRACE_JVM = "full";
await using stack = await lease({ name: options.stack, onProgress: say });
const measured = new Rounds<Measurement>();
for (const { dimensions, count } of JOBS) {
  const messages = madeUpMessages(count, dimensions);
  for (const format of ["smile", "json"] as const) await measure(stack, format, messages.slice(0, 2_048));
  for (let round = 1; round <= Number(options.rounds); round++) {
    // Alternates the order, since background work of one measurement overlaps the next.
    const order: FormatName[] = round % 2 === 1 ? ["smile", "json"] : ["json", "smile"];
    for (const format of order) {
      say(`${dimensions} dimensions, round ${round}, ${format} …`);
      measured.add(`${dimensions} ${format}`, await measure(stack, format, messages));
    }
  }
}
process.stdout.write(options.json ? `${JSON.stringify(measured.rows)}\n` : table("dimensions, format", measured.rows));

/** Writes the messages to a new index, through the sink's own adapter. */
async function measure(
  { env, name }: Stack,
  format: FormatName,
  messages: readonly EmbeddedMessage[],
): Promise<Measurement> {
  const config = readConfiguration(sinkConfig, {
    ...env,
    ...isolated(randomBytes(6).toString("hex")),
    OPENSEARCH_BULK_FORMAT: format,
    OPENSEARCH_REFRESH_INTERVAL: "5s",
  });
  const encoding = measureEncoding(format, config, messages);
  const client = openOpenSearch(config, { health: new Health() } as Parameters<typeof openOpenSearch>[1]);
  await createIndex(client, config, "flat", messages[0]?.dimensions ?? 0);
  const pid = (await status({ name })).find((service) => service.name === "opensearch")?.pid;
  if (pid === undefined) throw new Error("OpenSearch is not running");

  const before = processorMicroseconds(pid);
  const ownBefore = process.cpuUsage();
  const startedAt = performance.now();
  await writeAll(new OpenSearchIndex(client, config, new Log("bench")), messages);
  const seconds = (performance.now() - startedAt) / 1_000;
  const own = process.cpuUsage(ownBefore);
  // Includes the cost of writing segments, whenever it occurs.
  await client.indices.refresh({ index: config.OPENSEARCH_INDEX });
  const openSearch = processorMicroseconds(pid) - before;
  await client.indices.delete({ index: config.OPENSEARCH_INDEX });
  await client.close();
  return {
    "documents/s": messages.length / seconds,
    "OpenSearch CPU µs": openSearch / messages.length,
    "sink CPU µs": (own.user + own.system) / messages.length,
    ...encoding,
  };
}

function measureEncoding(format: FormatName, config: SinkConfig, messages: readonly EmbeddedMessage[]) {
  const target = { index: config.OPENSEARCH_INDEX, documentIdOf: documentIds.offset, versioned: false };
  const buffer = new GrowingBuffer();
  let bytes = 0;
  const before = process.cpuUsage();
  for (const batch of batches(messages)) {
    buffer.length = 0;
    writeBulkBody(buffer, bulkFormats[format], target, batch);
    bytes += buffer.length;
  }
  const { user, system } = process.cpuUsage(before);
  return { "of it encoding µs": (user + system) / messages.length, bytes: bytes / messages.length };
}

async function writeAll(index: OpenSearchIndex, messages: readonly EmbeddedMessage[]): Promise<void> {
  const remaining = batches(messages);
  const never = new AbortController().signal;
  const writeSome = async (): Promise<void> => {
    for (const batch of remaining) {
      const [failure] = (await index.write(batch, never)).failed;
      if (failure) throw new Error(failure.fault.cause);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, writeSome));
}

function* batches(messages: readonly EmbeddedMessage[]): Generator<EmbeddedMessage[], undefined> {
  for (let from = 0; from < messages.length; from += BATCH_SIZE) yield messages.slice(from, from + BATCH_SIZE);
}
