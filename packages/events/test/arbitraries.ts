import fc from "fast-check";
import { INTEGER_MAX } from "../src/definition.ts";
import type { AggregatedEvent, Definition, DLQMessage, Event, Field, Kind } from "../src/index.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 });
/** JSON has no negative zero. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
const scalar = fc.oneof(fc.string({ unit: "grapheme", maxLength: 40 }), number, fc.boolean());

const kinds: Record<Kind, fc.Arbitrary<unknown>> = {
  text,
  integer: fc.maxSafeNat().map((value) => value % (INTEGER_MAX + 1)),
  number,
  bytes: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  properties: fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,20}$/), scalar, {
    maxKeys: 6,
    noNullPrototype: true,
  }),
};

/** Any value of a definition. */
export function valueFor<Value = Event | AggregatedEvent | DLQMessage>(definition: Definition): fc.Arbitrary<Value> {
  const fields = Object.entries(definition.fields);
  const requiredKeys = fields.flatMap(([name, { optional }]) => (optional ? [] : [name]));
  const shape = Object.fromEntries(fields.map(([name, { kind }]) => [name, kinds[kind]]));
  return fc.record(shape, { requiredKeys, noNullPrototype: true }) as fc.Arbitrary<Value>;
}

const strangers: Record<Kind, fc.Arbitrary<unknown>> = {
  text: fc.oneof(fc.constant(""), fc.constant("\ud800"), number, fc.boolean(), fc.constant(null)),
  integer: fc.oneof(
    text,
    fc.constant(1.5),
    fc.constant(INTEGER_MAX + 1),
    fc.constant(-1),
    fc.constant(Number.NaN),
    fc.constant(null),
  ),
  number: fc.oneof(text, fc.constant(Number.POSITIVE_INFINITY), fc.constant(Number.NaN), fc.constant(null)),
  bytes: fc.oneof(text, number),
  properties: fc.oneof(
    fc.constant(null),
    fc.constant({ __proto: 1, "1": 2 }),
    fc.dictionary(fc.constantFrom("a", "b"), fc.oneof(fc.constant(null), fc.constant([]), fc.constant({ a: 1 })), {
      minKeys: 1,
      noNullPrototype: true,
    }),
  ),
};

/** A value with one field that is missing, unknown, or of the wrong kind. */
export function brokenFor(definition: Definition): fc.Arbitrary<Record<string, unknown>> {
  const fields: [string, Field][] = Object.entries(definition.fields);
  const valid = valueFor<Record<string, unknown>>(definition);
  const required = fields.flatMap(([name, { optional, kind }]) => (optional || kind === "properties" ? [] : [name]));
  const missing = fc.tuple(valid, fc.constantFrom(...required)).map(([value, name]) => {
    const { [name]: _, ...rest } = value;
    return rest;
  });
  const unknown = fc.tuple(valid, text).map(([value, extra]) => ({ ...value, [`x_${extra}`]: extra }));
  const foreign = fc
    .constantFrom(...fields)
    .chain(([name, { kind }]) =>
      fc.tuple(valid, strangers[kind]).map(([value, stranger]) => ({ ...value, [name]: stranger })),
    );
  return fc.oneof(missing, unknown, foreign);
}
