import { expect, it } from "vitest";
import { disagreements } from "./counts.ts";

const counts = { indexed: 1_000, recorded: 1_020, deadLettered: 20, reasons: { invalid: 20 } };

it("agrees if each message has one row, and is either indexed or dead-lettered", () => {
  expect(disagreements(1_020, 1_020, counts)).toEqual([]);
});

it.each([
  ["a message that did not reach the topic", 1_021, 1_020, counts],
  ["a missing row", 1_020, 1_020, { ...counts, recorded: 1_019 }],
  ["a missing document", 1_020, 1_020, { ...counts, indexed: 999 }],
  ["an extra document", 1_020, 1_020, { ...counts, indexed: 1_001 }],
  ["a dead letter that was indexed too", 1_020, 1_020, { ...counts, deadLettered: 21 }],
])("disagrees on %s", (_, sent, published, some) => {
  expect(disagreements(sent, published, some)).toHaveLength(1);
});
