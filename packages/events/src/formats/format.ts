import type { Definition } from "../definition.ts";

/** A way to write the values of a definition as bytes, with a schema language of its own. */
export interface Format {
  /** What registries call it. */
  registryType: "AVRO" | "JSON" | "PROTOBUF";
  /** Of a file with a schema. */
  extension: string;
  /** The definition's schema in the format's own language. */
  render(definition: Definition): string;
  /** Encodes values that the definition's validator has passed; decodes what is to be given to it. Decoding may throw. */
  compile(definition: Definition): Codec;
}

export interface Codec {
  encode(value: Readonly<Record<string, unknown>>): Buffer;
  decode(bytes: Buffer): unknown;
}
