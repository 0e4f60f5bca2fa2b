import { Writable } from "node:stream";
import { Log } from "@millrace/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readLine } from "./operation-line.ts";

/** A line as a process writes it. */
function logged(): string {
  let text = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const log = new Log("sink", { instance: "host-17", destination });
  log.record("sink.batch", "ok", 12.3456, { messages: 3, endToEndMs: { 40: 2, 52: 1 } });
  return text.trimEnd();
}
const line = logged();
const expected = {
  stage: "sink",
  action: "sink.batch",
  status: "ok",
  durationMs: 12.346,
  messages: 3,
  endToEnd: [
    [40, 2],
    [52, 1],
  ],
};

test.each([
  ["nothing", ""],
  ["kubectl logs --prefix", "[pod/millrace-sink-7d9f8c6b5-x2x4z/sink] "],
  ["kubectl logs --prefix --timestamps", "[pod/millrace-sink-0/sink] 2026-01-31T12:00:00.000000001Z "],
  ["docker compose logs", "sink-1    | "],
  ["docker compose logs, in colour", "\u001b[36msink-1    | \u001b[0m"],
])("reads a line behind the prefix of %s", (_name, prefix) => {
  expect(readLine(prefix + line)).toMatchObject(expected);
  expect(readLine(`${prefix}${line}\r`)).toMatchObject(expected);
});

test("a truncated or split line is never taken for another one, and never throws", () => {
  fc.assert(
    fc.property(fc.nat(line.length - 1), (length) => {
      expect(["other", "damaged"]).toContain(readLine(line.slice(0, length)));
    }),
  );
  expect(readLine(line.slice(0, -1))).toBe("damaged");
  expect(readLine(line.slice(0, 40) + line)).toBe("damaged");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.string().map((text) => `{"${text}`),
      ),
      (text) => {
        expect(["other", "damaged"]).toContain(readLine(text));
      },
    ),
  );
});

test.each([
  ["status", "fine"],
  ["durationMs", "12"],
  ["durationMs", -1],
  ["time", "yesterday"],
  ["service", "the sink"],
  ["details", { endToEndMs: { soon: 1 } }],
  ["details", { messages: -3 }],
])("a line whose %s is %j is damaged", (name, value) => {
  expect(readLine(JSON.stringify({ ...JSON.parse(line), [name]: value }))).toBe("damaged");
});

test.each([
  "",
  "    at Object.<anonymous> (main.ts:1:1)",
  "kafka-1 | [2026-01-31] INFO started",
  '{"msg":"another program"}',
  '{"action":"__proto__"}',
])("ignores lines that no process logs as an operation: %s", (text) => expect(readLine(text)).toBe("other"));
