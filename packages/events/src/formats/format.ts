import type { Definition } from "../definition.ts";

/** A way to write a definition's values as bytes, with its own schema language. */
export interface Format {
  /** The registries' name of the format. */
  registryType: "AVRO" | "JSON" | "PROTOBUF";
  /** Extension of a schema file. */
  extension: string;
  /** The definition's schema in the format's own language. */
  render(definition: Definition): string;
  /**
   * Encodes values that passed the definition's validator; decodes values that the validator is yet to check. Decoding
   * may throw.
   */
  compile(definition: Definition): Codec;
}

export interface Codec {
  encode(value: Readonly<Record<string, unknown>>): Buffer;
  decode(bytes: Buffer): unknown;
}
