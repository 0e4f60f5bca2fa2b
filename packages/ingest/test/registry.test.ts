import { createEventEncoder, type Event, formatNames, openSchemaRegistry } from "@millrace/events";
import { openValueDecoder } from "@millrace/events/value-decoder";
import { decodeBatch, noTracing, parseDeadLetter } from "@millrace/shared";
import { expect, test } from "vitest";
import { Ingest } from "../src/ingest.ts";
import { CLOSED_PORT, eventually, openEdges, testConfig } from "./support.ts";

/** The stage over real topics and the real registry, as `main.ts` wires it. */
async function run(overrides: Record<string, string> = {}) {
  const config = testConfig({ TEXT_FIELD: "/text", ...overrides });
  const edges = await openEdges(config);
  const { patience } = edges;
  const [source = ""] = config.KAFKA_TOPICS;
  const values = await openValueDecoder(config, patience);
  const ingest = new Ingest(config, { ...edges, tracing: noTracing, log: patience.log, values });
  const batches = await edges.read(config.BATCHES_TOPIC);
  const letters = await edges.read(config.DEAD_LETTERS_TOPIC);
  const accept = ingest.accept.bind(ingest);
  const consumption = await edges.consumption(`${config.KAFKA_GROUP_PREFIX}-ingest`, [source], accept);
  return {
    ...edges,
    source,
    texts: () =>
      batches.received.flatMap(({ value }) => decodeBatch(value ?? Buffer.of())).map(({ text }) => text.toString()),
    causes: () => letters.received.map(({ key, value, headers }) => parseDeadLetter(key, value, headers).fault.cause),
    async [Symbol.asyncDispose]() {
      await Promise.all([consumption, batches, letters].map((each) => each[Symbol.asyncDispose]()));
      await edges[Symbol.asyncDispose]();
    },
  };
}

function registry(overrides: Record<string, string> = {}) {
  const { SCHEMA_REGISTRY_URL = "", ...settings } = testConfig(overrides);
  return openSchemaRegistry({ ...settings, SCHEMA_REGISTRY_URL });
}

async function encoded(topic: string, format: (typeof formatNames)[number], event: Partial<Event>): Promise<Buffer> {
  const prepared = await createEventEncoder(format, registry()).prepare(`${topic}-${format}`);
  if ("fault" in prepared) throw new Error(prepared.fault.cause);
  return prepared.value({ event_id: "e", event_type: "t", timestamp_ms: 1, properties: {}, ...event });
}

const frame = (id: number, payload: string): Buffer => {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  return Buffer.concat([header, Buffer.from(payload)]);
};

test("property 3, multi-format: Avro, JSON Schema and Protobuf values are read beside plain JSON, and TEXT_FIELD picks their text", async () => {
  await using stage = await run();
  const values = await Promise.all(
    formatNames.map((format) => encoded(stage.source, format, { text: `Grüße in ${format}` })),
  );
  await stage.producer.send(
    stage.source,
    [...values, Buffer.from('{"text":"plain"}')].map((value) => ({ value })),
  );
  await eventually(() => stage.texts().toSorted()).toEqual([
    "Grüße in avro",
    "Grüße in json",
    "Grüße in protobuf",
    "plain",
  ]);
  await eventually(() => stage.committed(`${stage.config.KAFKA_GROUP_PREFIX}-ingest`, stage.source)).toBe(4);
  expect(stage.causes()).toEqual([]);
});

test("a value whose id is unknown, or that breaks its schema, or that has no such text, is poison alone and says why", async () => {
  await using stage = await run();
  const good = await encoded(stage.source, "json", { text: "good" });
  const id = good.readInt32BE(1);
  await stage.producer.send(
    stage.source,
    [
      frame(2_000_000_000, "{}"),
      frame(id, "{"),
      frame(id, '{"text":"no event"}'),
      (await encoded(stage.source, "avro", { text: "cut off" })).subarray(0, 9),
      await encoded(stage.source, "protobuf", {}),
      good,
    ].map((value) => ({ value, partition: 0 })),
  );
  await eventually(() => stage.causes().length).toBe(5);
  expect(
    stage
      .causes()
      .map((cause) => cause.replace(/schema \d{1,9}:/, "schema N:"))
      .toSorted(),
  ).toEqual([
    "the schema registry has no schema 2000000000",
    "the value does not match its schema N: the value is not JSON",
    "the value does not match its schema N: the value must have required property 'event_id'",
    "the value does not match its schema N: truncated buffer",
    "the value has no field /text",
  ]);
  await eventually(stage.texts).toEqual(["good"]);
});

test("without a registry a value that is framed for one is poison, and the reason names the variable", async () => {
  await using stage = await run({ SCHEMA_REGISTRY_URL: "" });
  await stage.producer.send(stage.source, [{ value: frame(1, "{}") }, { value: Buffer.from('{"text":"plain"}') }]);
  await eventually(stage.texts).toEqual(["plain"]);
  await eventually(stage.causes).toEqual([expect.stringContaining("SCHEMA_REGISTRY_URL is not set")]);
});

test.each([
  ["is away", { SCHEMA_REGISTRY_URL: `http://127.0.0.1:${CLOSED_PORT}` }],
  ["refuses the password", { SCHEMA_REGISTRY_PASSWORD: "wrong" }],
])("while the registry %s nothing is committed or dead-lettered, and plain messages go on", async (_, overrides) => {
  await using stage = await run(overrides);
  const value = await encoded(stage.source, "avro", { text: "waits" });
  await stage.producer.send(stage.source, [
    { value, partition: 0 },
    { value: Buffer.from('{"text":"plain"}'), partition: 0 },
  ]);
  await eventually(stage.texts).toEqual(["plain"]);
  await eventually(() => stage.patience.health.dependencies["schema-registry"]?.state).toBe("waiting");
  expect(await stage.committed(`${stage.config.KAFKA_GROUP_PREFIX}-ingest`, stage.source)).toBe(0);
  expect(stage.causes()).toEqual([]);
});
