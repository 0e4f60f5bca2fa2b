import { examineAtStart } from "@millrace/doctor";
import { CLOSED_PORT, testPatience } from "@millrace/testbed";
import { expect, test } from "vitest";
import { readSubject } from "../src/doctor/subjects.ts";
import { PATIENCE_MS } from "./doctor-support.ts";

async function start(environment: Record<string, string>) {
  const patience = testPatience();
  const { settings, examinationsOf } = readSubject("ingest", { ...process.env, ...environment });
  const { log, health } = patience;
  // It would retry after a failure.
  const context = { config: settings, log, health, stop: AbortSignal.abort() };
  await examineAtStart("ingest", context, examinationsOf, { limitMs: () => PATIENCE_MS });
  return { lines: patience.lines(), report: health.lastReport };
}

test("each dependency has a line in the log, and the report is kept without its steps", async () => {
  const { lines, report } = await start({});
  expect(lines).toMatchObject([
    { action: "doctor.check", status: "ok", details: { dependency: "kafka" } },
    { action: "doctor.check", status: "ok", details: { dependency: "redis" } },
    { action: "doctor.check", status: "ok", details: { dependency: "schema-registry" } },
  ]);
  expect(report).toMatchObject({ process: "ingest", status: "ok" });
  expect(JSON.stringify(report)).not.toContain('"steps"');
});

test("an unreachable dependency is reported with its remedy, and stops nothing", async () => {
  const { lines, report } = await start({ REDIS_PORT: String(CLOSED_PORT) });
  expect(lines[1]).toMatchObject({
    status: "failed",
    details: {
      dependency: "redis",
      step: "tcp",
      code: "tcp_refused",
      cause: expect.stringContaining("ECONNREFUSED"),
      remedy: expect.stringContaining("REDIS_HOST"),
    },
  });
  expect(report?.dependencies[1]?.failure).toMatchObject({ code: "tcp_refused" });
});

test("a missing file is left to the process itself, which refuses its configuration", async () => {
  const { lines, report } = await start({ REDIS_TLS: "true", REDIS_TLS_CA_PATH: "missing.pem" });
  expect([lines, report]).toEqual([[], undefined]);
});
