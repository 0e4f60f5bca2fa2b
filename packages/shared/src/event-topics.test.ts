import { expect, test } from "vitest";
import { namesMatching } from "./event-topics.ts";

test.each([
  ["payments", ["payments"]],
  ["payments|events\\.orders", ["payments", "events.orders"]],
  ["events\\.[a-z]+", ["events.*"]],
  ["events-.*|audit_log", ["events-*", "audit_log"]],
  // An unescaped dot matches any character.
  ["a.b", ["a*"]],
  ["ab?c", ["a*"]],
  ["ab{0,3}", ["a*"]],
  ["v\\d", ["v*"]],
  ["team-(?:a|b)", ["team-*"]],
  ["[a|b]c|d", ["*", "d"]],
  ["(?:a|[)|]b)|c", ["*", "c"]],
  ["[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}", ["*"]],
  ["", []],
])("%o matches %o", (expression, names) => {
  expect(namesMatching(expression)).toEqual(names);
});
