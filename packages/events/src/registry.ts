import { SchemaRegistry as Client, COMPATIBILITY, SchemaType } from "@kafkajs/confluent-schema-registry";
import {
  askRegistry,
  isListOfSchemaTypes,
  type RegistryAddress,
  registryAddress,
  SCHEMA_TYPES_PATH,
  type SchemaRegistrySettings,
} from "@millrace/connections";
import { describeCause, type Fault, poison, type RetryableFault, retryable } from "@millrace/shared";
import { createJsonSchemaCompiler } from "./json-schema-drafts.ts";
import { readerOf, UnusableSchema, type ValueReader } from "./reader.ts";
import { type FormatName, formats } from "./schema.ts";

/** A Confluent-compatible schema registry. Each call is one attempt. */
export interface SchemaRegistry {
  /**
   * Registers a schema that is BACKWARD compatible with the last one: readers with the new schema can read values
   * written with the last one. Registering the same schema again returns the same ID.
   *
   * @param subject by convention the topic's name and `-value`
   */
  register(
    subject: string,
    schema: { format: FormatName; text: string },
  ): Promise<{ value: number } | { fault: RetryableFault }>;
  /** Returns a reader of the values written with a schema. An ID that the registry does not have is poison. */
  reader(schemaId: number): Promise<{ value: ValueReader } | { fault: Fault }>;
}

export function openSchemaRegistry(settings: SchemaRegistrySettings & { SCHEMA_REGISTRY_URL: string }): SchemaRegistry {
  const { SCHEMA_REGISTRY_TIMEOUT_MS: timeoutMs } = settings;
  const address = registryAddress(settings);
  const client = createClient(address, timeoutMs);
  let isRegistry = false;

  /** A 404 from another server says nothing about a schema, only that the URL is wrong. */
  async function notFound(schemaId: number): Promise<Fault> {
    try {
      isRegistry ||= isListOfSchemaTypes(await askRegistry(address, SCHEMA_TYPES_PATH, AbortSignal.timeout(timeoutMs)));
    } catch (error) {
      return retryable("unavailable", error);
    }
    if (isRegistry) return poison("undecodable", `the schema registry has no schema ${schemaId}`);
    return retryable("misconfigured", "SCHEMA_REGISTRY_URL is not the URL of a schema registry");
  }

  return {
    async register(subject, { format, text }) {
      try {
        const type = SchemaType[formats[format].registryType];
        const { id } = await client.register(
          { type, schema: text },
          { subject, compatibility: COMPATIBILITY.BACKWARD },
        );
        return { value: id };
      } catch (error) {
        return { fault: retryableFault(error) };
      } finally {
        client.cache.clear();
      }
    },
    async reader(schemaId) {
      try {
        const schema = await client.getSchema(schemaId);
        const type = client.cache.getSchema(schemaId)?.type ?? SchemaType.UNKNOWN;
        return { value: readerOf(type, schema) };
      } catch (error) {
        if (statusOf(error) === 404) return { fault: await notFound(schemaId) };
        if (isUnusable(error)) {
          return { fault: poison("undecodable", `schema ${schemaId} can't be used: ${describeCause(error)}`) };
        }
        return { fault: retryableFault(error) };
      } finally {
        // Its cache is unbounded; the callers keep the readers instead.
        client.cache.clear();
      }
    },
  };
}

function createClient({ url, auth, agent }: RegistryAddress, timeoutMs: number): Client {
  return new Client(
    {
      host: url,
      clientId: "millrace",
      // The callers wait for an outage themselves, and show it.
      retry: { retries: 0 },
      middlewares: [
        () => ({
          prepareRequest: async (next) => (await next()).enhance({ signal: AbortSignal.timeout(timeoutMs) }),
        }),
      ],
      ...(auth && { auth }),
      ...(agent && { agent }),
    },
    { [SchemaType.JSON]: { ajvInstance: createJsonSchemaCompiler() } },
  );
}

/** Has a status if the registry answered; the client sets 400 for a request without an answer. */
function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "status" in error && typeof error.status === "number" ? error.status : undefined;
}

/** The registry has the schema, but no value can ever be read with it. */
function isUnusable(error: unknown): boolean {
  return (
    error instanceof UnusableSchema || (error instanceof Error && error.name === "ConfluentSchemaRegistryArgumentError")
  );
}

function retryableFault(error: unknown): RetryableFault {
  switch (statusOf(error)) {
    case 401:
    case 403:
      return retryable(
        "misconfigured",
        `the schema registry refuses SCHEMA_REGISTRY_USERNAME and its password: ${describeCause(error)}`,
      );
    case 404:
      return retryable("misconfigured", "SCHEMA_REGISTRY_URL is not the URL of a schema registry");
    case 409:
    case 422:
      return retryable("misconfigured", `the schema registry refused the schema: ${describeCause(error)}`);
    case 429:
      return retryable("rate_limited", error);
    default:
      return retryable("unavailable", error);
  }
}
