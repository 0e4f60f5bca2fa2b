import type { Undeliverable } from "@millrace/shared";
import { describe, expect, test } from "vitest";
import { type Decoded, type DecodeRules, decode as decodeOrFetch } from "./decode.ts";

const rules: DecodeRules = { documentId: "offset", maxBytes: 1_000, maxTokens: 100 };

/** Without a registry, decoding is synchronous. */
function decode(given: Undeliverable, by: DecodeRules): Decoded {
  const decoded = decodeOrFetch(given, by);
  if (decoded instanceof Promise) throw new Error("decoding must be synchronous");
  return decoded;
}

function record(value: Buffer | string | null, key: Buffer | null = null): Undeliverable {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return { topic: "messages", partition: 1, offset: 7, timestampMs: 9, key, headers: [], value: bytes };
}

function textOf(value: Buffer | string, textField?: string): string {
  const decoded = decode(record(value), { ...rules, ...(textField !== undefined && { textField }) });
  if ("fault" in decoded) throw new Error(decoded.fault.cause);
  return decoded.message.text.toString();
}

test("a text keeps its bytes, its origin, its key and its headers", () => {
  const given = { ...record(" Grüße, 世界 😀\n", Buffer.from([0])), headers: [["h", null]] as const };
  const decoded = decode(given, rules);
  expect(decoded).toMatchObject({ message: { ...given, text: given.value }, tokens: expect.any(Number) });
  // The same Buffer, so a batch record contains it once.
  if ("message" in decoded) expect(decoded.message.text).toBe(decoded.message.value);
});

test.each([
  ["null", null, "invalid"],
  ["empty", "", "invalid"],
  ["blank", " \n\t\u00a0\u2003\ufeff", "invalid"],
  ["not UTF-8", Buffer.from([0x68, 0xff, 0x69]), "undecodable"],
  ["an overlong UTF-8 form", Buffer.from([0xc0, 0xaf]), "undecodable"],
  ["framed for a schema registry, without one", Buffer.from("\0\0\0\0\u0001{}"), "undecodable"],
  ["an encoded lone surrogate", Buffer.from([0xed, 0xa0, 0x80]), "undecodable"],
  ["over the byte limit", "a".repeat(1_001), "too_long"],
  ["over the token limit, by count", "☃".repeat(60), "too_long"],
  ["over the token limit, by the server's estimate", " aaaaaaa".repeat(60), "too_long"],
] as const)("rejects a value that is %s", (_, value, code) => {
  expect(decode(record(value), rules)).toEqual({ fault: { kind: "poison", code, cause: expect.any(String) } });
});

test.each([
  ["not JSON", "{", "/text", "undecodable"],
  ["JSON without the field", '{"other":"text"}', "/text", "invalid"],
  ["JSON with a field that is not a string", '{"text":42}', "/text", "invalid"],
  ["JSON with null in the field", '{"text":null}', "/text", "invalid"],
  ["JSON with an empty text", '{"text":""}', "/text", "invalid"],
  ["JSON with a blank text", '{"text":" \\u00a0 "}', "/text", "invalid"],
  ["JSON with the field only inherited", "{}", "/__proto__/x", "invalid"],
  ["JSON with the field only inherited", "{}", "/constructor/name", "invalid"],
  ["an array without that index", '["text"]', "/1", "invalid"],
  ["JSON with too long a text", JSON.stringify({ text: "☃".repeat(60) }), "/text", "too_long"],
] as const)("rejects a value that is %s", (_, value, textField, code) => {
  const decoded = decode(record(value), { ...rules, textField });
  expect(decoded).toEqual({ fault: { kind: "poison", code, cause: expect.any(String) } });
});

test("accepts exactly the maximum of bytes and of tokens", () => {
  const roomy = { ...rules, maxTokens: 250 };
  expect(decode(record("a".repeat(1_000)), roomy)).toMatchObject({ tokens: 250 });
  expect(decode(record("a".repeat(1_000)), { ...roomy, maxTokens: 249 })).toMatchObject({
    fault: { code: "too_long" },
  });
  expect(decode(record("a".repeat(1_001)), roomy)).toMatchObject({ fault: { code: "too_long" } });
});

test("TEXT_FIELD selects the text, and the value stays unchanged", () => {
  const value = '{ "a": [ {"text": "found \\u00e9"} ] }';
  expect(textOf(value, "/a/0/text")).toBe("found é");
  expect(textOf('"the whole value"', "")).toBe("the whole value");
  const decoded = decode(record(value), { ...rules, textField: "/a/0/text" });
  expect(decoded).toMatchObject({ message: { value: Buffer.from(value) } });
});

test("a lone surrogate, which JSON can encode and UTF-8 cannot, becomes the replacement character", () => {
  expect(textOf('{"text":"a\\ud800b"}', "/text")).toBe("a\ufffdb");
  expect(textOf('{"text":"\\ud83d\\ude00"}', "/text")).toBe("😀");
});

test("an own field with an inherited name is a field like any other", () => {
  expect(textOf('{"__proto__":{"x":"text"}}', "/__proto__/x")).toBe("text");
});

test("a text that looks like a special token is ordinary text", () => {
  expect(textOf("<|endoftext|>".repeat(10))).toContain("endoftext");
});

describe("with DOCUMENT_ID=key", () => {
  const byKey: DecodeRules = { ...rules, documentId: "key" };

  test("a message without a key is invalid", () => {
    expect(decode(record("text"), byKey)).toMatchObject({ fault: { code: "invalid" } });
    expect(decode(record(null), byKey)).toMatchObject({ fault: { code: "invalid" } });
  });

  test("a message without a value deletes, and costs no tokens", () => {
    const decoded = decode(record(null, Buffer.from("key")), byKey);
    expect(decoded).toMatchObject({ message: { value: null, text: Buffer.alloc(0) }, tokens: 0 });
  });

  test("an empty value does not delete", () => {
    expect(decode(record("", Buffer.from("key")), byKey)).toMatchObject({ fault: { code: "invalid" } });
  });
});
