import { expect, test } from "vitest";
import { readLatest } from "../src/events/latest.ts";
import { latest, newTopic, openEventsApp, published } from "./events-support.ts";

const {
  SCHEMA_REGISTRY_URL = "",
  SCHEMA_REGISTRY_USERNAME: user = "",
  SCHEMA_REGISTRY_PASSWORD: password = "",
} = process.env;

async function latestVersion(subject: string): Promise<unknown> {
  const authorization = `Basic ${btoa(`${user}:${password}`)}`;
  const url = `${SCHEMA_REGISTRY_URL}/subjects/${subject}/versions/latest`;
  return (await fetch(url, { headers: { authorization } })).json();
}

test.each([
  ["json", "JSON"],
  ["avro", undefined],
  ["protobuf", "PROTOBUF"],
])(
  "a topic's schema is registered with its first events, as %s, and its values name it",
  async (format, schemaType) => {
    await using api = openEventsApp({ SCHEMA_REGISTRY_URL, EVENTS_FORMAT: format });
    const topic = newTopic(api);
    const event = { event_id: "first-1", event_type: "first", user_id: "ann" };
    expect(await latestVersion(`${topic}-value`)).toMatchObject({ error_code: 40401 });
    await published(api, topic, event);
    const registered = await latestVersion(`${topic}-value`);
    // The registry leaves the type out where it is Avro.
    expect(registered).toMatchObject({ version: 1, ...(schemaType && { schemaType }) });
    const [record] = (await readLatest(api.edges.topicReader, topic, { count: 1, maxBytes: 100_000 })) ?? [];
    expect([record?.value?.readUInt8(0), record?.value?.readUInt32BE(1)]).toEqual([
      0,
      (registered as { id: number }).id,
    ]);
    expect(await latest(api, topic, 1)).toMatchObject([{ event }]);
  },
);
