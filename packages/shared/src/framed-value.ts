import type { PoisonFault } from "./fault.ts";

/** The first byte of a value in Confluent's wire format, which embeds a schema id; no text starts with it. */
const MAGIC_BYTE = 0;

/** Whether a value is framed with the id of a registered schema. */
export function isFramed(value: Buffer): boolean {
  return value[0] === MAGIC_BYTE;
}

export type DecodedValue = { value: unknown } | { fault: PoisonFault };

/** Decodes values framed with the id of a registered schema. */
export interface ValueDecoder {
  /** Returns at once for a cached schema; otherwise waits for the registry, however long it is unavailable. */
  decode(value: Buffer): DecodedValue | Promise<DecodedValue>;
}

export const NO_REGISTRY =
  "the value starts with the magic byte of a schema registry, but SCHEMA_REGISTRY_URL is not set";
