import { isUtf8 } from "node:buffer";
import { type Definition, type Kind, NAMESPACE } from "../definition.ts";
import type { Format } from "./format.ts";

const types: Record<Kind, object> = {
  text: { type: "string" },
  integer: { type: "integer" },
  number: { type: "number" },
  bytes: { type: "string", contentEncoding: "base64" },
  properties: {
    type: "object",
    additionalProperties: { anyOf: [{ type: "string" }, { type: "number" }, { type: "boolean" }] },
    default: {},
  },
};

/** JSON Schema draft-07, the newest that every Confluent-compatible registry supports. */
export const json: Format = {
  registryType: "JSON",
  extension: "schema.json",
  render: (definition) => JSON.stringify(schemaOf(definition)),
  compile(definition) {
    const bytesFields = Object.entries(definition.fields).flatMap(([name, { kind }]) =>
      kind === "bytes" ? [name] : [],
    );
    return {
      encode: (value) => Buffer.from(JSON.stringify(mapped(value, bytesFields, toBase64))),
      decode(bytes) {
        const value = parseJson(bytes);
        return isObject(value) ? mapped(value, bytesFields, fromBase64) : value;
      },
    };
  },
};

/** Throws a `TypeError` that does not quote the text, which must not get into logs. */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new TypeError("the value is not UTF-8");
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new TypeError("the value is not JSON");
  }
}

function schemaOf({ name, description, fields }: Definition) {
  const entries = Object.entries(fields);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `${NAMESPACE}.${name}`,
    description,
    type: "object",
    properties: Object.fromEntries(
      entries.map(([name, { kind, description }]) => [name, { ...types[kind], description }]),
    ),
    required: entries.flatMap(([name, { kind, optional }]) => (optional || kind === "properties" ? [] : [name])),
  };
}

function mapped(
  value: Readonly<Record<string, unknown>>,
  names: readonly string[],
  change: (value: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  if (names.length === 0) return value;
  return {
    ...value,
    ...Object.fromEntries(names.filter((name) => name in value).map((name) => [name, change(value[name])])),
  };
}

const toBase64 = (value: unknown): unknown =>
  value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;

/** Text that is not base64 stays text, which the validator refuses. */
const fromBase64 = (value: unknown): unknown => {
  if (typeof value !== "string") return value;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : value;
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
