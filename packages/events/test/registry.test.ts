import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "@millrace/stack";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createEventDecoder,
  createEventEncoder,
  createSchema,
  definitions,
  type Event,
  eventDefinition,
  formatNames,
} from "../src/index.ts";
import { createValueDecoder } from "../src/value-decoder.ts";
import { frame } from "../src/wire-format.ts";
import { valueFor } from "./arbitraries.ts";
import { CLOSED_PORT, config, eventually, registryOf, succeeded, testPatience, uniqueName } from "./support.ts";

const registry = registryOf();

describe.each(formatNames)("%s", (format) => {
  test("property 3, multi-format: a value of the registered schema is read back unchanged by anyone with its ID", async () => {
    const topic = uniqueName("topic");
    const encode = succeeded(await createEventEncoder(format, registry).prepare(topic));
    const decoder = createEventDecoder(createValueDecoder(registryOf(), 10, testPatience()));
    await fc.assert(
      fc.asyncProperty(valueFor<Event>(eventDefinition), async (event) => {
        expect(await decoder.decode(encode(event))).toEqual({ value: event });
      }),
      { numRuns: 300 },
    );
  });

  test("the registry accepts every definition, and returns the same ID for the same schema", async () => {
    for (const definition of definitions) {
      const schema = createSchema(definition, format);
      const subject = uniqueName("subject");
      const id = succeeded(await registry.register(subject, schema));
      expect(succeeded(await registry.register(subject, schema))).toBe(id);
    }
  });

  test("property 1, schema validation consistency: a value that violates its schema is poison, with a reason", async () => {
    const id = succeeded(await registry.register(uniqueName("subject"), createSchema(eventDefinition, format)));
    const decoder = createEventDecoder(createValueDecoder(registry, 10, testPatience()));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const decoded = await decoder.decode(frame(id, Buffer.from(bytes)));
        expect(decoded).toMatchObject({ fault: { kind: "poison", cause: expect.stringMatching(/./) } });
      }),
      { numRuns: 300 },
    );
  });
});

test("an incompatible schema is refused with the reason", async () => {
  const subject = uniqueName("subject");
  const first = { type: "record", name: "Reading", fields: [{ name: "at", type: "long" }] };
  const second = {
    ...first,
    fields: [
      { name: "at", type: "long" },
      { name: "unit", type: "string" },
    ],
  };
  succeeded(await registry.register(subject, { format: "avro", text: JSON.stringify(first) }));
  expect(await registry.register(subject, { format: "avro", text: JSON.stringify(second) })).toMatchObject({
    fault: { code: "misconfigured", cause: expect.stringContaining("refused") },
  });
  const defaulted = {
    ...first,
    fields: [
      { name: "at", type: "long" },
      { name: "unit", type: "string", default: "K" },
    ],
  };
  succeeded(await registry.register(subject, { format: "avro", text: JSON.stringify(defaulted) }));
});

test("the path before a value selects any message of a Protobuf schema", async () => {
  const text = `syntax = "proto3"; package other;
    message First { string body = 1; }
    enum Kind { NONE = 0; }
    message Second { message Inner { string long_body = 1; } Kind kind = 1; }`;
  const id = succeeded(await registry.register(uniqueName("subject"), { format: "protobuf", text }));
  const decoder = createValueDecoder(registry, 10, testPatience());
  const body = Buffer.from([0x0a, 0x02, 0x68, 0x69]);
  // Zigzag varints: two steps, to the second message, then to its first one.
  const inner = Buffer.from([4, 2, 0]);
  expect(await decoder.decode(frame(id, Buffer.concat([Buffer.of(0), body])))).toEqual({ value: { body: "hi" } });
  expect(await decoder.decode(frame(id, Buffer.concat([inner, body])))).toEqual({ value: { long_body: "hi" } });
  for (const path of [[2, 8], [4, 0, 0], [9], [0xff, 0xff, 0xff, 0xff, 0xff], []]) {
    expect(await decoder.decode(frame(id, Buffer.from(path)))).toMatchObject({ fault: { code: "undecodable" } });
  }
});

test("JSON Schema follows its draft, ignores unknown keywords, and allows two versions under one $id", async () => {
  const subject = uniqueName("subject");
  const $id = `https://example.com/${subject}.json`;
  const schemas = [
    { $schema: "http://json-schema.org/draft-07/schema#", $id, type: "object", "connect.type": "any" },
    { $schema: "https://json-schema.org/draft/2020-12/schema", $id, prefixItems: [{ type: "string" }], items: false },
    { $schema: "https://json-schema.org/draft/2019-09/schema", $id, type: "object", unevaluatedProperties: false },
  ];
  const decoder = createValueDecoder(registry, 10, testPatience());
  const reads = async (schema: object, value: unknown) => {
    const registered = await registry.register(uniqueName("subject"), { format: "json", text: JSON.stringify(schema) });
    return "value" in (await decoder.decode(frame(succeeded(registered), Buffer.from(JSON.stringify(value)))));
  };
  const [seven = {}, twenty = {}, nineteen = {}] = schemas;
  expect(await Promise.all([reads(seven, { a: 1 }), reads(seven, "text")])).toEqual([true, false]);
  expect(await Promise.all([reads(twenty, ["text"]), reads(twenty, ["text", 1])])).toEqual([true, false]);
  expect(await Promise.all([reads(nineteen, {}), reads(nineteen, { a: 1 })])).toEqual([true, false]);
});

test("an ID that the registry does not have is poison; so are half a frame and an impossible ID", async () => {
  const decoder = createValueDecoder(registry, 10, testPatience());
  const value = (id: number) => frame(id, Buffer.from("{}"));
  expect(await decoder.decode(value(2_000_000_000))).toMatchObject({
    fault: { kind: "poison", cause: "the schema registry has no schema 2000000000" },
  });
  for (const broken of [value(0), value(-5), Buffer.from([0, 0, 0, 1]), Buffer.of(0)]) {
    expect(await decoder.decode(broken)).toMatchObject({ fault: { kind: "poison", code: "undecodable" } });
  }
});

describe("anything that is not the message's fault waits, and the health names the cause", () => {
  test.each([
    [
      "nothing listens",
      { SCHEMA_REGISTRY_URL: `http://127.0.0.1:${CLOSED_PORT}` },
      "unavailable",
      /ECONNREFUSED|refused/,
    ],
    [
      "the password is wrong",
      { SCHEMA_REGISTRY_PASSWORD: "wrong" },
      "misconfigured",
      /refuses SCHEMA_REGISTRY_USERNAME/,
    ],
    ["the user is missing", { SCHEMA_REGISTRY_USERNAME: "" }, "misconfigured", /refuses SCHEMA_REGISTRY_USERNAME/],
    [
      "the URL belongs to another server",
      { SCHEMA_REGISTRY_URL: config.SCHEMA_REGISTRY_URL.replace(/\/apis.*/, "/no-registry") },
      "misconfigured",
      /not the URL of a schema registry/,
    ],
  ] as const)("%s", async (_, overrides, code, cause) => {
    const away = registryOf(overrides);
    expect(await away.reader(1)).toMatchObject({
      fault: { kind: "retryable", code, cause: expect.stringMatching(cause) },
    });
    expect(await away.register(uniqueName("subject"), createSchema(eventDefinition, "json"))).toMatchObject({
      fault: { kind: "retryable", code },
    });
  });

  test("a user with read access may not register", async () => {
    const reader = registryOf({ SCHEMA_REGISTRY_USERNAME: "reader", SCHEMA_REGISTRY_PASSWORD: "reader" });
    const schema = createSchema(eventDefinition, "json");
    const id = succeeded(await registry.register(uniqueName("subject"), schema));
    expect(await reader.reader(id)).toHaveProperty("value");
    expect(await reader.register(uniqueName("subject"), schema)).toMatchObject({
      fault: { code: "misconfigured", cause: expect.stringContaining("SCHEMA_REGISTRY_USERNAME") },
    });
  });

  test("a request to a registry that accepts but never answers times out", async () => {
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const slow = registryOf({ SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}`, SCHEMA_REGISTRY_TIMEOUT_MS: "200" });
    expect(await slow.reader(1)).toMatchObject({ fault: { kind: "retryable", code: "unavailable" } });
    silent.closeAllConnections();
    silent.close();
  });

  test("a value whose schema can't be fetched is decoded once the registry is back; one request serves all", async () => {
    const id = succeeded(await registry.register(uniqueName("subject"), createSchema(eventDefinition, "json")));
    let up = false;
    let requests = 0;
    const patience = testPatience();
    const decoder = createValueDecoder(
      {
        ...registry,
        reader: (schemaId) => {
          requests++;
          return (up ? registry : registryOf({ SCHEMA_REGISTRY_URL: `http://127.0.0.1:${CLOSED_PORT}` })).reader(
            schemaId,
          );
        },
      },
      10,
      patience,
    );
    const value = frame(
      id,
      createSchema(eventDefinition, "json").encode({ event_id: "e", event_type: "t", timestamp_ms: 1, properties: {} }),
    );
    const decoding = Promise.all([decoder.decode(value), decoder.decode(value)]);
    await eventually(() => patience.health.dependencies["schema-registry"]?.state).toBe("waiting");
    up = true;
    const before = requests;
    expect(await decoding).toMatchObject([{ value: { event_id: "e" } }, { value: { event_id: "e" } }]);
    expect(requests - before).toBeLessThanOrEqual(2);
    expect(decoder.decode(value)).toMatchObject({ value: { event_id: "e" } });
  });
});

test("no more schemas are kept than allowed", async () => {
  const ids: number[] = [];
  for (const name of ["A", "B", "C"]) {
    const text = JSON.stringify({ type: "record", name, fields: [] });
    ids.push(succeeded(await registry.register(uniqueName("subject"), { format: "avro", text })));
  }
  const fetched: number[] = [];
  const counting = {
    ...registry,
    reader(id: number) {
      fetched.push(id);
      return registry.reader(id);
    },
  };
  const decoder = createValueDecoder(counting, 2, testPatience());
  const [a = 0, b = 0, c = 0] = ids;
  for (const id of [a, b, a, c, a, b]) await decoder.decode(frame(id, Buffer.alloc(0)));
  expect(fetched).toEqual([a, b, c, b]);
});

describe("over TLS", () => {
  let directory = "";
  let caPath = "";
  let url = "";
  let close = (): void => undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "millrace-registry-"));
    const { caPath: path, server } = await makeCertificates(directory);
    caPath = path;
    const target = new URL(config.SCHEMA_REGISTRY_URL);
    const proxy = createTlsServer(
      { cert: await readFile(server.certificatePath), key: await readFile(server.keyPath) },
      (incoming, outgoing) => {
        const { method, headers, url: path } = incoming;
        const forwarded = request({ host: target.hostname, port: target.port, path, method, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        });
        incoming.pipe(forwarded);
      },
    ).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    url = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}${target.pathname}`;
    close = () => {
      proxy.closeAllConnections();
      proxy.close();
    };
  });

  afterAll(async () => {
    close();
    await rm(directory, { recursive: true });
  });

  test("only the authority of SCHEMA_REGISTRY_TLS_CA_PATH is trusted", async () => {
    const schema = createSchema(eventDefinition, "avro");
    const secure = registryOf({ SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_TLS_CA_PATH: caPath });
    const id = succeeded(await secure.register(uniqueName("subject"), schema));
    expect(await secure.reader(id)).toHaveProperty("value");
    expect(await registryOf({ SCHEMA_REGISTRY_URL: url }).reader(id)).toMatchObject({
      fault: { kind: "retryable", cause: expect.stringMatching(/certificate/) },
    });
    const plaintext = url.replace("https:", "http:");
    expect(await registryOf({ SCHEMA_REGISTRY_URL: plaintext }).reader(id)).toMatchObject({
      fault: { kind: "retryable" },
    });
  });
});
