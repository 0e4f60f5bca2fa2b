import type { Undeliverable } from "@millrace/shared";
import { describe, expect, test } from "vitest";
import { type Decoded, type DecodeRules, decode as decodeOrFetch } from "./decode.ts";

const rules: DecodeRules = { documentId: "offset", maxBytes: 1_000, maxTokens: 100 };

/** Without a registry nothing has to be fetched. */
function decode(given: Undeliverable, by: DecodeRules): Decoded {
  const decoded = decodeOrFetch(given, by);
  if (decoded instanceof Promise) throw new Error("nothing is to be fetched");
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
  // The same Buffer: a batch record holds it once.
  if ("message" in decoded) expect(decoded.message.text).toBe(decoded.message.value);
});

test.each([
  ["null", null, "invalid"],
  ["empty", "", "invalid"],
  ["blank", " \n\t\u00a0\u2003\ufeff", "invalid"],
  ["no UTF-8", Buffer.from([0x68, 0xff, 0x69]), "undecodable"],
  ["an overlong UTF-8 form", Buffer.from([0xc0, 0xaf]), "undecodable"],
  ["framed for a schema registry, and there is none", Buffer.from("\0\0\0\0\u0001{}"), "undecodable"],
  ["half a surrogate pair in bytes", Buffer.from([0xed, 0xa0, 0x80]), "undecodable"],
  ["over the bytes allowed", "a".repeat(1_001), "too_long"],
  ["over the tokens allowed, by count", "☃".repeat(60), "too_long"],
  ["over the tokens allowed, by the server's estimate", " aaaaaaa".repeat(60), "too_long"],
] as const)("a value that is %s is refused", (_, value, code) => {
  expect(decode(record(value), rules)).toEqual({ fault: { kind: "poison", code, cause: expect.any(String) } });
});

test.each([
  ["no JSON", "{", "/text", "undecodable"],
  ["JSON without the field", '{"other":"text"}', "/text", "invalid"],
  ["JSON with a field that is no text", '{"text":42}', "/text", "invalid"],
  ["JSON with null in the field", '{"text":null}', "/text", "invalid"],
  ["JSON with an empty text", '{"text":""}', "/text", "invalid"],
  ["JSON with a blank text", '{"text":" \\u00a0 "}', "/text", "invalid"],
  ["JSON whose object has it by inheritance alone", "{}", "/__proto__/x", "invalid"],
  ["JSON whose object has it by inheritance alone", "{}", "/constructor/name", "invalid"],
  ["an array without that index", '["text"]', "/1", "invalid"],
  ["JSON with too long a text", JSON.stringify({ text: "☃".repeat(60) }), "/text", "too_long"],
] as const)("a value that is %s is refused", (_, value, textField, code) => {
  const decoded = decode(record(value), { ...rules, textField });
  expect(decoded).toEqual({ fault: { kind: "poison", code, cause: expect.any(String) } });
});

test("exactly as many bytes and tokens as are allowed are taken", () => {
  const roomy = { ...rules, maxTokens: 250 };
  expect(decode(record("a".repeat(1_000)), roomy)).toMatchObject({ tokens: 250 });
  expect(decode(record("a".repeat(1_000)), { ...roomy, maxTokens: 249 })).toMatchObject({
    fault: { code: "too_long" },
  });
  expect(decode(record("a".repeat(1_001)), roomy)).toMatchObject({ fault: { code: "too_long" } });
});

test("TEXT_FIELD picks the text, and the value stays as it came", () => {
  const value = '{ "a": [ {"text": "found \\u00e9"} ] }';
  expect(textOf(value, "/a/0/text")).toBe("found é");
  expect(textOf('"the whole value"', "")).toBe("the whole value");
  const decoded = decode(record(value), { ...rules, textField: "/a/0/text" });
  expect(decoded).toMatchObject({ message: { value: Buffer.from(value) } });
});

test("half a surrogate pair, which JSON can spell and UTF-8 cannot, becomes the replacement character", () => {
  expect(textOf('{"text":"a\\ud800b"}', "/text")).toBe("a\ufffdb");
  expect(textOf('{"text":"\\ud83d\\ude00"}', "/text")).toBe("😀");
});

test("an own field with an inherited name is a field like any other", () => {
  expect(textOf('{"__proto__":{"x":"text"}}', "/__proto__/x")).toBe("text");
});

test("a text that only looks like a special token is a text", () => {
  expect(textOf("<|endoftext|>".repeat(10))).toContain("endoftext");
});

describe("where the key is the document's identity", () => {
  const byKey: DecodeRules = { ...rules, documentId: "key" };

  test("a message without a key is invalid", () => {
    expect(decode(record("text"), byKey)).toMatchObject({ fault: { code: "invalid" } });
    expect(decode(record(null), byKey)).toMatchObject({ fault: { code: "invalid" } });
  });

  test("a message without a value deletes, and costs no token", () => {
    const decoded = decode(record(null, Buffer.from("key")), byKey);
    expect(decoded).toMatchObject({ message: { value: null, text: Buffer.alloc(0) }, tokens: 0 });
  });

  test("an empty value is no deletion", () => {
    expect(decode(record("", Buffer.from("key")), byKey)).toMatchObject({ fault: { code: "invalid" } });
  });
});
