import { type SchemaRegistry as Client, SchemaType } from "@kafkajs/confluent-schema-registry";
import protobuf from "protobufjs";
import { parseJson } from "./formats/json.ts";
import { toPlain } from "./formats/protobuf.ts";
import { readMessagePath } from "./wire-format.ts";

type ClientSchema = Awaited<ReturnType<Client["getSchema"]>>;

/** Turns a framed value's payload into the value: objects, arrays, texts, numbers. Throws where the payload breaks its schema. */
export type ValueReader = (payload: Buffer) => unknown;

/** A schema that no value could be read by. */
export class UnusableSchema extends Error {
  override name = "UnusableSchema";
}

/**
 * Throws an `UnusableSchema` where it is one.
 *
 * @param schema as the registry's client has compiled it */
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
  // The client wants an object, and its validator takes any JSON.
  const isValid = schema.isValid(value as object, {
    errorHook: ([path], problem) => problems.push(`${path || "the value"} ${problem}`),
  });
  if (isValid) return value;
  throw new TypeError(problems.join(", "));
}

/** The client reads the first message of a schema only, and passes over any zeros before it. */
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
