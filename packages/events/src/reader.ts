import { type SchemaRegistry as Client, SchemaType } from "@kafkajs/confluent-schema-registry";
import protobuf from "protobufjs";
import { parseJson } from "./formats/json.ts";
import { toPlain } from "./formats/protobuf.ts";
import { readMessagePath } from "./wire-format.ts";

type ClientSchema = Awaited<ReturnType<Client["getSchema"]>>;

/**
 * Turns a framed value's payload into the value: objects, arrays, texts, numbers. Throws if the payload violates its
 * schema.
 */
export type ValueReader = (payload: Buffer) => unknown;

/** A schema that cannot read any value. */
export class UnusableSchema extends Error {
  override name = "UnusableSchema";
}

/**
 * Throws `UnusableSchema` for such a schema.
 *
 * @param schema as compiled by the registry's client
 */
export function readerOf(type: SchemaType, schema: ClientSchema): ValueReader {
  switch (type) {
    case SchemaType.AVRO:
      return (payload) => schema.fromBuffer(payload);
    case SchemaType.JSON:
      return (payload) => validated(schema, parseJson(payload));
    case SchemaType.PROTOBUF:
      return protobufReader(schema);
    default:
      throw new UnusableSchema("the schema is neither Avro nor JSON Schema nor Protobuf");
  }
}

function validated(schema: ClientSchema, value: unknown): unknown {
  const problems: string[] = [];
  // The client expects an object, but its validator accepts any JSON.
  const isValid = schema.isValid(value as object, {
    errorHook: ([path], problem) => problems.push(`${path || "the value"} ${problem}`),
  });
  if (isValid) return value;
  throw new TypeError(problems.join(", "));
}

/** The client reads only a schema's first message, and skips any zeros before it. */
function protobufReader(schema: ClientSchema): ValueReader {
  const first = "message" in schema ? schema.message : undefined;
  if (!(first instanceof protobuf.Type)) throw new UnusableSchema("the Protobuf schema defines no message");
  return (payload) => {
    const { path, rest } = readMessagePath(payload);
    let parent: protobuf.NamespaceBase | null = first.parent;
    for (const index of path) parent = messagesOf(parent)[index] ?? null;
    if (!(parent instanceof protobuf.Type)) throw new RangeError(`the schema has no message ${path.join(".")}`);
    return toPlain(parent, rest);
  };
}

function messagesOf(parent: protobuf.NamespaceBase | null): protobuf.Type[] {
  return (parent?.nestedArray ?? []).filter((nested) => nested instanceof protobuf.Type);
}
