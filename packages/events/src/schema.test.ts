import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brokenFor, valueFor } from "../test/arbitraries.ts";
import { createSchema, type Definition, definitions, formatNames, validatorOf } from "./index.ts";

describe.each<Definition>(definitions)("$name", (definition) => {
  const schemas = formatNames.map((format) => createSchema(definition, format));
  const validator = validatorOf(definition);

  test("property 3, multi-format: the same value is equal after Avro, JSON and Protobuf", () => {
    fc.assert(
      fc.property(valueFor<never>(definition), (value) => {
        for (const schema of schemas) {
          expect(schema.decode(schema.encode(value)), schema.format).toEqual({ value });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("property 1, schema validation consistency: every format accepts the same values, and returns no invalid one", () => {
    fc.assert(
      fc.property(brokenFor(definition), (broken) => {
        expect(validator.safeParse(broken).success).toBe(false);
        for (const schema of schemas) {
          let bytes: Buffer;
          try {
            // As a writer without checks would.
            bytes = schema.encode(broken as never);
          } catch {
            continue;
          }
          const decoded = schema.decode(bytes);
          // Some formats cannot express the error; the result is then valid, and differs from the invalid value.
          if ("value" in decoded) {
            expect(validator.safeParse(decoded.value).success).toBe(true);
            expect(decoded.value).not.toEqual(broken);
          } else
            expect(decoded.fault).toMatchObject({ kind: "poison", cause: expect.stringContaining(definition.name) });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("bytes that are not a value of the schema are refused with a reason, without throwing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const schema of schemas) {
          const decoded = schema.decode(Buffer.from(bytes));
          if ("value" in decoded) expect(validator.safeParse(decoded.value).success).toBe(true);
          else expect(decoded.fault.cause).not.toBe("");
        }
      }),
      { numRuns: 3_000 },
    );
  });

  test("no field number is used twice", () => {
    const numbers = Object.values(definition.fields).map(({ number }) => number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
