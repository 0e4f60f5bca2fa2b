import { expect, test } from "vitest";
import { describeCause } from "./fault.ts";

test("describes an error with its causes, once each, on one line", () => {
  const refused = new AggregateError([new Error("connect ECONNREFUSED 127.0.0.1:1")]);
  expect(describeCause(new Error("request failed", { cause: refused }))).toBe(
    "request failed: connect ECONNREFUSED 127.0.0.1:1",
  );
  expect(describeCause(new Error("same", { cause: new Error("same") }))).toBe("same");
  expect(describeCause("two\nlines")).toBe("two lines");
});

test("is bounded, and terminates on circular causes", () => {
  expect(describeCause("x".repeat(10_000))).toHaveLength(500);
  const circular = new Error("a");
  circular.cause = circular;
  expect(describeCause(circular)).toBe("a");
});
