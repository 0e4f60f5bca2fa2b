import { z } from "zod";

/**
 * The kinds of a field; each has the same values in every format:
 *
 * - `text`: Unicode without lone surrogates
 * - `integer`: a whole number from 0 to 2⁵² − 1; avsc reads an Avro long exactly up to there
 * - `number`: a finite double
 * - `bytes`: any bytes; base64 in JSON
 * - `properties`: a map of names to texts, numbers and booleans; empty rather than absent, because Protobuf cannot
 * express an absent map
 */
export type Kind = "text" | "integer" | "number" | "bytes" | "properties";

export interface Field {
  /** The field's number in Protobuf; never reused for another field. */
  number: number;
  kind: Kind;
  optional?: true;
  description: string;
}

/** A record, defined once: its Avro, JSON Schema, Protobuf and zod schemas are generated from this. */
export interface Definition {
  name: string;
  description: string;
  fields: Readonly<Record<string, Field>>;
}

export const NAMESPACE = "millrace.events";

export type Properties = Record<string, string | number | boolean>;

interface KindValue {
  text: string;
  integer: number;
  number: number;
  bytes: Uint8Array;
  properties: Properties;
}

type Flat<Value> = { [Name in keyof Value]: Value[Name] };
type Fields = Definition["fields"];
type OptionalName<Of extends Fields> = {
  [Name in keyof Of]: Of[Name] extends { optional: true } ? Name : never;
}[keyof Of];

/** The TypeScript type of a definition's values; an absent field has no property. */
export type ValueOf<Of extends Definition> = Flat<
  { [Name in Exclude<keyof Of["fields"], OptionalName<Of["fields"]>>]: KindValue[Of["fields"][Name]["kind"]] } & {
    [Name in OptionalName<Of["fields"]>]?: KindValue[Of["fields"][Name]["kind"]];
  }
>;

/** Longest text of a field, in UTF-16 units, and most properties; a record must stay below Kafka's limit anyway. */
const TEXT_MAX_LENGTH = 1_000_000;
const PROPERTIES_MAX = 1_000;
export const INTEGER_MAX = 2 ** 52 - 1;

const text = z
  .string()
  .max(TEXT_MAX_LENGTH)
  // Avro and Protobuf use UTF-8, in which it would become another character.
  .refine((value) => value.isWellFormed(), { error: "has a lone surrogate" });
const scalar = z.union([text, z.number(), z.boolean()]);
// A letter first: `__proto__` is not allowed as a property name.
const propertyName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,99}$/, { error: "not a name such as card.brand" });

const kinds: Record<Kind, z.ZodType> = {
  text: text.min(1),
  integer: z.int().min(0).max(INTEGER_MAX),
  number: z.number(),
  bytes: z.instanceof(Uint8Array),
  properties: z
    .record(propertyName, scalar)
    .refine((properties) => Object.keys(properties).length <= PROPERTIES_MAX, {
      error: `has more than ${PROPERTIES_MAX} properties`,
    })
    .default({}),
};

/** The rules for a value in any format: unknown fields are refused, and missing properties become empty. */
export function validatorOf<Of extends Definition>(definition: Of): z.ZodType<ValueOf<Of>> {
  const shape = Object.fromEntries(
    Object.entries(definition.fields).map(([name, { kind, optional, description }]) => {
      const type = kinds[kind].meta({ description });
      return [name, optional ? type.optional() : type];
    }),
  );
  return z.strictObject(shape).meta({ description: definition.description }) as unknown as z.ZodType<ValueOf<Of>>;
}
