import { isUtf8 } from "node:buffer";
import { poisonCodes } from "@millrace/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decode } from "./decode.ts";

const json = fc.json({ maxDepth: 4 }).map((text) => Buffer.from(text));
const value = fc.oneof(
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: "binary", maxLength: 80 }).map((text) => Buffer.from(text)),
  json,
  fc
    .constantFrom("[[[[[[[", '{"text":', "\ufeff{}", '{"__proto__":{"text":"x"}}', '{"text":"\\ud800"}', "null")
    .map((text) => Buffer.from(text)),
  fc.constant(null),
);
const pointer = fc.oneof(
  fc.constantFrom("", "/text", "/a/0", "/__proto__/text", "/constructor/name", "/~0~1", "/0"),
  fc
    .array(fc.stringMatching(/^[a-z0-9]{0,3}$/), { maxLength: 4 })
    .map((tokens) => tokens.map((token) => `/${token}`).join("")),
);

test("40,000 messages and text selectors: each becomes a text or a reason, and nothing is thrown", () => {
  fc.assert(
    fc.property(
      value,
      fc.option(pointer, { nil: undefined }),
      fc.constantFrom("offset", "key"),
      (bytes, textField, documentId) => {
        const record = { topic: "t", partition: 0, offset: 1, timestampMs: 0, key: null, headers: [], value: bytes };
        const rules = {
          ...(textField !== undefined && { textField }),
          documentId,
          maxBytes: 70,
          maxTokens: 50,
        } as const;
        const decoded = decode(record, rules);
        if (decoded instanceof Promise) throw new Error("nothing is to be fetched");
        if ("fault" in decoded) {
          expect(poisonCodes).toContain(decoded.fault.code);
          expect(decoded.fault.cause).not.toBe("");
        } else {
          expect(isUtf8(decoded.message.text)).toBe(true);
          expect(decoded.message.text.length).toBeGreaterThan(0);
          expect(decoded.tokens).toBeLessThanOrEqual(50);
        }
      },
    ),
    { numRuns: 40_000 },
  );
});
