import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { examine } from "./check.ts";
import type { Examination, StepCheck } from "./examination.ts";
import type { StepReport } from "./report.ts";

const LIMIT_MS = 30;

const passing: StepCheck = { step: "dns", tried: "resolve host", run: async () => "127.0.0.1" };
const hanging = () => new Promise<never>(() => undefined);

/** The outcome, and the reports as they came. */
async function examined(checks: StepCheck[], more: Partial<Examination> = {}) {
  const reports: StepReport[] = [];
  const examination: Examination = { dependency: "redis", names: {}, checks, ...more };
  const outcome = await examine(
    examination,
    () => LIMIT_MS,
    (report) => reports.push(report),
  );
  return { ...outcome, reports };
}

test("reports each step in order", async () => {
  const { steps, reports, failure } = await examined([passing, { ...passing, step: "tcp", tried: "connect" }]);
  expect(steps).toMatchObject([
    { step: "dns", status: "ok", tried: "resolve host", said: "127.0.0.1" },
    { step: "tcp", status: "ok", tried: "connect" },
  ]);
  expect(reports).toEqual(steps);
  expect(failure).toBeUndefined();
});

test.each([
  ["dns", undefined, "dns_failed"],
  ["tls", undefined, "tls_timeout"],
  ["probe", undefined, "no_answer"],
  ["tcp", "kafka_hung_up", "kafka_hung_up"],
] as const)("a %s step that ignores its signal times out", async (step, timeoutCode, code) => {
  const check: StepCheck = { step, tried: "wait", run: hanging, ...(timeoutCode && { timeoutCode }) };
  const { failure } = await examined([check]);
  expect(failure).toMatchObject({ code, said: `no answer within ${LIMIT_MS} ms` });
});

test("an error after the limit is the timeout", async () => {
  const run = async (signal: AbortSignal): Promise<string> => {
    await sleep(10 * LIMIT_MS, undefined, { signal });
    return "late";
  };
  expect((await examined([{ ...passing, step: "tcp", run }])).failure?.code).toBe("tcp_timeout");
});

test("an error is explained by the dependency, else by the network, else quoted", async () => {
  const throwing = (error: Error): StepCheck => ({ ...passing, step: "tcp", run: () => Promise.reject(error) });
  const own = await examined([throwing(new Error("NOAUTH"))], {
    explain: ({ message }) => ({ code: "redis_password_refused", said: message }),
  });
  expect(own.failure).toMatchObject({ code: "redis_password_refused", said: "NOAUTH" });
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  expect((await examined([throwing(refused)])).failure?.code).toBe("tcp_refused");
  expect((await examined([throwing(new Error("odd"))])).failure).toMatchObject({ code: "failed", said: "odd" });
});

test.each([
  ["hangs", hanging],
  ["fails", () => Promise.reject(new Error("closed twice"))],
])("the report does not wait for a client whose close %s", async (_, close) => {
  expect((await examined([passing], { close })).failure).toBeUndefined();
});
