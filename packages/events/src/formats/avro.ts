import avsc from "avsc";
import { type Definition, type Field, type Kind, NAMESPACE } from "../definition.ts";
import type { Format } from "./format.ts";

const types: Record<Kind, unknown> = {
  text: "string",
  integer: "long",
  number: "double",
  bytes: "bytes",
  properties: { type: "map", values: ["string", "double", "boolean"] },
};

/** https://avro.apache.org/docs/1.12.0/specification/ */
export const avro: Format = {
  registryType: "AVRO",
  extension: "avsc",
  render: (definition) => JSON.stringify(schemaOf(definition)),
  compile(definition) {
    const type = avsc.Type.forSchema(schemaOf(definition) as avsc.Schema);
    return {
      encode: (value) => type.toBuffer(value),
      decode: (bytes) => withoutNulls(type.fromBuffer(bytes)),
    };
  },
};

function schemaOf({ name, description, fields }: Definition) {
  return {
    type: "record",
    name,
    namespace: NAMESPACE,
    doc: description,
    fields: Object.entries(fields).map(([name, field]) => ({ name, doc: field.description, ...typeOf(field) })),
  };
}

/** A default lets a reader read records that were written before the field existed. */
function typeOf({ kind, optional }: Field) {
  if (optional) return { type: ["null", types[kind]], default: null };
  return kind === "properties" ? { type: types[kind], default: {} } : { type: types[kind] };
}

/** An absent field is null in Avro. */
function withoutNulls(record: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}
