import { randomBytes } from "node:crypto";
import { schemaRegistrySettings } from "@millrace/connections";
import { createKafka, ensureTopics, kafkaSettings } from "@millrace/kafka";
import { readConfiguration } from "@millrace/shared";
import { testPatience } from "@millrace/testbed";
import { z } from "zod";
import { openSchemaRegistry, type SchemaRegistry } from "../src/index.ts";
import { eventSettings } from "../src/settings.ts";

export { CLOSED_PORT, eventually, testPatience } from "@millrace/testbed";

const schema = z.object({
  ...kafkaSettings,
  ...eventSettings,
  ...schemaRegistrySettings,
  SCHEMA_REGISTRY_URL: z.string(),
});

/** The stack's services, in the form of a process's settings. */
export function configuration(overrides: Record<string, string> = {}) {
  return readConfiguration(schema, { ...process.env, ...overrides });
}

export function registryOf(overrides: Record<string, string> = {}): SchemaRegistry {
  return openSchemaRegistry(configuration(overrides));
}

export const config = configuration();
export const kafka = createKafka(config, "test", testPatience().log);

export function uniqueName(kind: string): string {
  return `${kind}-${randomBytes(6).toString("hex")}`;
}

export async function createTopic(partitions: number, maxMessageBytes?: number): Promise<string> {
  const topic = uniqueName("events");
  await ensureTopics(kafka, [{ topic, partitions, ...(maxMessageBytes && { maxMessageBytes }) }], 1, testPatience());
  return topic;
}

export function succeeded<Value>(outcome: { value: Value } | { fault: { cause: string } }): Value {
  if ("fault" in outcome) throw new Error(outcome.fault.cause);
  return outcome.value;
}
