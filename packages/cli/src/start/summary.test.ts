import { expect, it } from "vitest";
import { summaryJson } from "./summary.ts";

it("has no search URL if there was nothing to search for", () => {
  const counts = { indexed: 0, recorded: 1, deadLettered: 1, reasons: { undecodable: 1 } };
  const lines = { operations: 0, outside: 0, other: 0, damaged: 0 };
  const latencies = { from: null, until: null, lines, endToEnd: null, operations: [] };
  const run = { sent: 1, published: 1, counts, problems: [], durationMs: 1, latencies, searches: [] };
  const { urls } = JSON.parse(summaryJson(run, new URL("http://127.0.0.1:8080")));
  expect(urls).toMatchObject({ console: "http://127.0.0.1:8080/" });
  expect(urls).not.toHaveProperty("search");
});
