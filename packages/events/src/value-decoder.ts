import type { SchemaRegistrySettings } from "@millrace/connections";
import {
  type DecodedValue,
  describeCause,
  type Patience,
  type PoisonFault,
  poison,
  retryUntilDone,
  type ValueDecoder,
} from "@millrace/shared";
import { LRUCache } from "lru-cache";
import type { ValueReader } from "./reader.ts";
import type { SchemaRegistry } from "./registry.ts";
import { unframe } from "./wire-format.ts";

type Lookup = { value: ValueReader } | { fault: PoisonFault };

/** @param cacheMax most schemas to keep */
export function createValueDecoder(registry: SchemaRegistry, cacheMax: number, patience: Patience): ValueDecoder {
  const readers = new LRUCache<number, ValueReader>({ max: cacheMax });
  const lookups = new Map<number, Promise<Lookup>>();

  /** All values of a schema share one request. */
  function lookUp(schemaId: number): Promise<Lookup> {
    const underway = lookups.get(schemaId);
    if (underway) return underway;
    const lookup = fetchReader(registry, schemaId, patience).finally(() => lookups.delete(schemaId));
    lookups.set(schemaId, lookup);
    return lookup;
  }

  return {
    decode(value) {
      const framed = unframe(value);
      if (!framed)
        return { fault: poison("undecodable", "the value starts with the magic byte 0 but names no schema") };
      const { schemaId, payload } = framed;
      const reader = readers.get(schemaId);
      if (reader) return read(reader, payload, schemaId);
      return lookUp(schemaId).then((found) => {
        if ("fault" in found) return found;
        readers.set(schemaId, found.value);
        return read(found.value, payload, schemaId);
      });
    },
  };
}

/** `undefined` without a configured registry. */
export async function openValueDecoder(
  settings: SchemaRegistrySettings,
  patience: Patience,
): Promise<ValueDecoder | undefined> {
  const { SCHEMA_REGISTRY_URL, SCHEMA_REGISTRY_CACHE_MAX } = settings;
  if (SCHEMA_REGISTRY_URL === undefined) return undefined;
  // The client and its three formats take 25 MB of memory: load them only with a registry.
  const { openSchemaRegistry } = await import("./registry.ts");
  const registry = openSchemaRegistry({ ...settings, SCHEMA_REGISTRY_URL });
  return createValueDecoder(registry, SCHEMA_REGISTRY_CACHE_MAX, patience);
}

/** Only the registry's own answer that it has no such schema is the message's fault; anything else is retried. */
async function fetchReader(registry: SchemaRegistry, schemaId: number, patience: Patience): Promise<Lookup> {
  return await retryUntilDone<Lookup>(
    { dependency: "schema-registry", action: "registry.request" },
    async () => {
      const outcome = await registry.reader(schemaId);
      if ("value" in outcome) return { value: outcome };
      const { fault } = outcome;
      return fault.kind === "poison" ? { value: { fault } } : { fault };
    },
    patience,
  );
}

function read(reader: ValueReader, payload: Buffer, schemaId: number): DecodedValue {
  try {
    return { value: reader(payload) };
  } catch (error) {
    return { fault: poison("undecodable", `the value does not match its schema ${schemaId}: ${describeCause(error)}`) };
  }
}
