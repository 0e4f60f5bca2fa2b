import type { PoisonFault } from "./fault.ts";

/** The first byte of a value that names its schema, as Confluent's serializers write it; no text begins with it. */
const MAGIC_BYTE = 0;

/** Whether a value says that it was written by a schema of a registry. */
export function isFramed(value: Buffer): boolean {
  return value[0] === MAGIC_BYTE;
}

export type DecodedValue = { value: unknown } | { fault: PoisonFault };

/** Decodes values that name their schema in a registry. */
export interface ValueDecoder {
  /** At once where the schema is known already; else it waits for the registry, however long that is away. */
  decode(value: Buffer): DecodedValue | Promise<DecodedValue>;
}

export const NO_REGISTRY =
  "the value begins with the magic byte of a schema registry, and SCHEMA_REGISTRY_URL is not set";
