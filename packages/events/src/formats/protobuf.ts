import protobuf from "protobufjs";
import { type Definition, type Field, type Kind, NAMESPACE, type Properties } from "../definition.ts";
import type { Format } from "./format.ts";

// By default, field names would be camelCase in this format only, and a JSON Pointer to a field would depend on the
// format. Set globally, because the registry's client parses schemas without this option.
Object.assign(protobuf.parse, { defaults: { keepCase: true } });

const types: Record<Kind, string> = {
  text: "string",
  integer: "int64",
  number: "double",
  bytes: "bytes",
  properties: "map<string, Scalar>",
};

/** https://protobuf.dev/reference/protobuf/proto3-spec/ */
export const protobufFormat: Format = {
  registryType: "PROTOBUF",
  extension: "proto",
  render,
  compile(definition) {
    const type = protobuf.parse(render(definition)).root.lookupType(`${NAMESPACE}.${definition.name}`);
    const mapNames = Object.entries(definition.fields).flatMap(([name, { kind }]) =>
      kind === "properties" ? [name] : [],
    );
    return {
      encode: (value) => Buffer.from(type.encode(type.fromObject(withScalars(value, mapNames))).finish()),
      decode: (bytes) => withoutScalars(toPlain(type, bytes), mapNames),
    };
  },
};

/** A Protobuf message as a plain object: only the fields that are set, 64-bit integers as doubles. */
export function toPlain(type: protobuf.Type, bytes: Buffer): Record<string, unknown> {
  return type.toObject(type.decode(bytes), { longs: Number, enums: String });
}

function render({ name, description, fields }: Definition): string {
  const entries = Object.entries(fields);
  const hasProperties = entries.some(([, { kind }]) => kind === "properties");
  return [
    'syntax = "proto3";',
    `package ${NAMESPACE};`,
    "",
    `// ${description}`,
    `message ${name} {`,
    ...entries.flatMap(([name, field]) => [
      `  // ${field.description}`,
      `  ${typeOf(field)} ${name} = ${field.number};`,
    ]),
    ...(hasProperties ? [SCALAR] : []),
    "}",
    "",
  ].join("\n");
}

const SCALAR = `  message Scalar {
    oneof kind {
      string text = 1;
      double number = 2;
      bool flag = 3;
    }
  }`;

function typeOf({ kind, optional }: Field): string {
  return `${optional ? "optional " : ""}${types[kind]}`;
}

const scalarNames = { string: "text", number: "number", boolean: "flag" } as const;

function withScalars(value: Readonly<Record<string, unknown>>, mapNames: readonly string[]): Record<string, unknown> {
  const wrapped = { ...value };
  for (const name of mapNames) {
    const entries = Object.entries((value[name] ?? {}) as Properties);
    wrapped[name] = Object.fromEntries(
      entries.map(([key, scalar]) => [key, { [scalarNames[typeof scalar as keyof typeof scalarNames]]: scalar }]),
    );
  }
  return wrapped;
}

function withoutScalars(value: Record<string, unknown>, mapNames: readonly string[]): Record<string, unknown> {
  return { ...value, ...Object.fromEntries(mapNames.map((name) => [name, flattened(value[name])])) };
}

/**
 * Converts properties, whose values are scalars of the schema above, to plain values. A scalar of an unknown kind,
 * which only a later version of the schema could have, becomes `undefined`, which the validator refuses.
 */
export function flattened(properties: unknown): unknown {
  if (properties === undefined) return {};
  if (typeof properties !== "object" || properties === null) return properties;
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null ? Object.values(value)[0] : value,
    ]),
  );
}
