import { styleText } from "node:util";
import { expect, test } from "vitest";
import { textTable } from "./text-table.ts";

test("aligns names to the left and figures to the right, without trailing spaces", () => {
  const rows = [
    ["", "operation", "count", "p50 ms"],
    ["sink", "sink.batch", "1", "12.5"],
    ["api", "api.publish", "12,000", ""],
  ];
  expect(textTable(rows, "left", "left", "right")).toEqual([
    "      operation     count  p50 ms",
    "sink  sink.batch        1    12.5",
    "api   api.publish  12,000",
  ]);
});

test("keeps colours, which take no room", () => {
  const green = styleText("green", "✓", { validateStream: false });
  expect(
    textTable(
      [
        ["kafka", green, "x"],
        ["", "✓ 12", "y"],
      ],
      "left",
    ),
  ).toEqual([`kafka  ${green}     x`, "       ✓ 12  y"]);
});

test("a table without rows has no lines", () => expect(textTable([], "left")).toEqual([]));
