import { describeCause, type PoisonFault, poison } from "@millrace/shared";
import { z } from "zod";
import { type Definition, type ValueOf, validatorOf } from "./definition.ts";
import { avro } from "./formats/avro.ts";
import type { Format } from "./formats/format.ts";
import { json } from "./formats/json.ts";
import { protobufFormat } from "./formats/protobuf.ts";

export const formats = { avro, json, protobuf: protobufFormat } as const satisfies Record<string, Format>;
export type FormatName = keyof typeof formats;
export const formatNames = Object.keys(formats) as FormatName[];

/** A definition in one format. */
export interface Schema<Value> {
  readonly format: FormatName;
  /** In the format's own language, as registered. */
  readonly text: string;
  /** Extension of a file with the text. */
  readonly fileName: string;
  encode(value: Value): Buffer;
  decode(bytes: Buffer): { value: Value } | { fault: PoisonFault };
}

export function createSchema<const Of extends Definition>(definition: Of, format: FormatName): Schema<ValueOf<Of>> {
  const codec = formats[format].compile(definition);
  const validator = validatorOf(definition);
  return {
    format,
    text: formats[format].render(definition),
    fileName: `${definition.name}.${formats[format].extension}`,
    encode: (value) => codec.encode(value),
    decode(bytes) {
      let decoded: unknown;
      try {
        decoded = codec.decode(bytes);
      } catch (error) {
        return {
          fault: poison(
            "undecodable",
            `the value is not a valid ${definition.name} in ${format}: ${describeCause(error)}`,
          ),
        };
      }
      const parsed = validator.safeParse(decoded);
      if (parsed.success) return { value: parsed.data };
      return {
        fault: poison("invalid", `the value is not a valid ${definition.name}: ${z.prettifyError(parsed.error)}`),
      };
    },
  };
}
