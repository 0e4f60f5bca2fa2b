import { expect, test } from "vitest";
import { tree } from "./tree.ts";

const timestampMs = Date.UTC(2026, 0, 1, 12);

test("a stored message shows each step with its time since the start and since the previous step", () => {
  const lines = tree({
    id: "messages-3-41",
    record: {
      timestampMs,
      bytes: 12,
      key: "k",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    },
    progress: {
      published: timestampMs + 2,
      ingested: timestampMs + 30,
      embedded: timestampMs + 45,
      stored: timestampMs + 90,
    },
    row: { level: "INFO", index: "millrace", documentId: "messages-3-41", code: null, cause: null },
  }).split("\n");
  expect(lines[0]).toBe(
    "messages-3-41  2026-01-01T12:00:00.000Z  12 bytes  key k  trace 0af7651916cd43dd8448eb211c80319c",
  );
  expect(lines[4]).toMatch(/^├─ stored +12:00:00\.090 +\+90 ms +\+45 ms +indexed/);
  expect(lines[5]).toBe("└─ demo_log: INFO, document messages-3-41 of index millrace");
});

test("a dead-lettered message shows the reason", () => {
  const progress = { published: timestampMs, dead_lettered: timestampMs + 40 };
  const row = { level: "ERROR", index: null, documentId: null, code: "too_long", cause: "9,000 tokens" } as const;
  const text = tree({ id: "messages-0-1", record: { timestampMs, bytes: 9, key: null }, progress, row });
  expect(text).toContain("written to the dead-letter topic");
  expect(text).toContain("└─ demo_log: ERROR too_long: 9,000 tokens");
});

test("an unknown message is reported as such", () => {
  expect(tree({ id: "messages-0-1" }).split("\n")).toEqual([
    "messages-0-1  (its record is no longer in Kafka)",
    expect.stringContaining("no progress recorded"),
    "└─ no row in demo_log yet",
  ]);
});
