import { openRedis, type Redis } from "@millrace/connections";
import { Health, type LastReport } from "@millrace/shared";
import { testPatience } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { announce, bodyOf, isolated, openTestApp, until } from "./support.ts";

const api = openTestApp(isolated());
const redis: Redis = openRedis(api.config, testPatience());
afterAll(async () => {
  redis.disconnect();
  await api[Symbol.asyncDispose]();
});

const report: LastReport = {
  process: "sink",
  checkedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 120,
  status: "failed",
  dependencies: [
    { dependency: "kafka", status: "ok", durationMs: 40 },
    {
      dependency: "redis",
      status: "failed",
      durationMs: 3,
      failure: {
        step: "tcp",
        code: "tcp_refused",
        tried: "cache:6379",
        said: "connect ECONNREFUSED",
        remedy: { text: "Check the port." },
      },
    },
  ],
};

test("returns the startup report of each process", async () => {
  const health = new Health();
  await using _sink = announce(redis, "sink", api, health);
  const reports = async () => (await bodyOf<{ reports: unknown[] }>(await api.app.request("/doctor"))).reports;
  expect(await reports()).toEqual([]);
  health.examined(report);
  await until(async () => (await reports()).length > 0);
  expect(await reports()).toEqual([{ instance: "test-sink", report }]);
});
