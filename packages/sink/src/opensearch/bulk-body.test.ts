import { parse } from "smile-js";
import { describe, expect, test } from "vitest";
import { documents, floatsOf, littleEndian, tombstone } from "../../test/documents.ts";
import { documentIds } from "../document-id.ts";
import type { EmbeddedMessage } from "../sink.ts";
import { type BulkTarget, bulkFormats, writeBulkBody } from "./bulk-body.ts";
import { GrowingBuffer } from "./growing-buffer.ts";

/** The documents of a body, split at each separator as OpenSearch does before parsing. */
const read: Record<keyof typeof bulkFormats, (body: Buffer) => unknown[]> = {
  json: (body) => cut(body, 0x0a).map((line) => JSON.parse(line.toString())),
  smile: (body) => cut(body, 0xff).map((document) => parse(document)),
};

function cut(body: Buffer, separator: number): Buffer[] {
  expect(body.at(-1)).toBe(separator);
  const parts: Buffer[] = [];
  for (let from = 0; from < body.length; ) {
    const end = body.indexOf(separator, from);
    parts.push(body.subarray(from, end));
    from = end + 1;
  }
  return parts;
}

describe.each(["smile", "json"] as const)("a bulk body in %s", (format) => {
  const write = (target: BulkTarget, messages: readonly EmbeddedMessage[]) => {
    const buffer = new GrowingBuffer();
    writeBulkBody(buffer, bulkFormats[format], target, messages);
    return read[format](buffer.written);
  };

  test("has an action and a document per message", () => {
    const target = { index: "vectors", documentIdOf: documentIds.offset, versioned: false };
    const [first, second] = documents(2, {
      key: Buffer.from("schlüssel"),
      vector: littleEndian(Float32Array.of(0.5, -0.25)),
    });
    const common = { topic: "messages", partition: 3, key: "schlüssel", model: "test-model", vector: [0.5, -0.25] };
    expect(
      write(
        target,
        [first, second].filter((it) => it !== undefined),
      ),
    ).toEqual([
      { index: { _index: "vectors", _id: "messages-3-0" } },
      { ...common, text: "text 0", offset: 0, timestamp: 1_700_000_000_000 },
      { index: { _index: "vectors", _id: "messages-3-1" } },
      { ...common, text: "text 1", offset: 1, timestamp: 1_700_000_000_001 },
    ]);
  });

  test("with DOCUMENT_ID=key, has versions, and deletions have no document", () => {
    const target = { index: "vectors", documentIdOf: documentIds.key, versioned: true };
    const written = write(target, [tombstone(7, "a"), ...documents(1, { key: Buffer.from("b") })]);
    const external = (version: number) => ({ version, version_type: "external" });
    expect(written).toHaveLength(3);
    expect(written[0]).toEqual({ delete: { _index: "vectors", _id: "messages:kYQ", ...external(8) } });
    expect(written[1]).toEqual({ index: { _index: "vectors", _id: "messages:kYg", ...external(1) } });
  });

  test("grows beyond its initial buffer", () => {
    const target = { index: "vectors", documentIdOf: documentIds.offset, versioned: false };
    const messages = documents(300, { dimensions: 256 });
    const written = write(target, messages) as { vector?: number[] }[];
    expect(written).toHaveLength(600);
    for (const [at, { vector }] of messages.entries()) {
      expect(Float32Array.from(written[2 * at + 1]?.vector ?? [])).toEqual(floatsOf(vector));
    }
  });
});
