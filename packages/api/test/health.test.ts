import { openRedis, type Redis } from "@millrace/connections";
import { Health } from "@millrace/shared";
import { type Stage, stages } from "@millrace/stage";
import { testPatience } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import type { ProbeResult } from "../src/probe.ts";
import { announce, bodyOf, CLOSED_PORT, isolated, openTestApp, type TestApp, until } from "./support.ts";

interface HealthBody {
  status: string;
  failed: string[];
  slow: string[];
  checks: Record<string, ProbeResult>;
}

const environment = isolated();
const api = openTestApp(environment);
const redis: Redis = openRedis(api.config, testPatience());
afterAll(async () => {
  redis.disconnect();
  await api[Symbol.asyncDispose]();
});

async function healthOf({ app }: TestApp): Promise<{ status: number; body: HealthBody }> {
  const response = await app.request("/health");
  return { status: response.status, body: await bodyOf<HealthBody>(response) };
}

/** Checks are cached for up to a second. */
async function untilFailed(app: TestApp, names: readonly string[]): Promise<HealthBody> {
  let body: HealthBody | undefined;
  await until(async () => {
    body = (await healthOf(app)).body;
    return body.failed.join() === names.join();
  });
  return body as HealthBody;
}

test("without the stages it reports them as failed, and the services as ok", async () => {
  const body = await untilFailed(api, ["ingest", "embed", "sink", "embedding-provider"]);
  expect(body.status).toBe("failed");
  expect(body.checks.ingest).toMatchObject({ status: "failed", cause: "no running process" });
  expect(body.checks["embedding-provider"]?.cause).toBe("unknown: no embed process reports it");
  for (const service of ["kafka", "opensearch", "postgres", "redis"]) {
    expect(body.checks[service]).toEqual({ status: "ok", checkedInMs: expect.any(Number) });
  }
  expect((await healthOf(api)).status).toBe(503);
});

test("it follows the stages: all ok, then one waiting, then its provider failed", async () => {
  const healths = Object.fromEntries(stages.map((stage) => [stage, readyHealth()])) as Record<Stage, Health>;
  healths.embed.working("embedding-provider");
  await using announcements = new AsyncDisposableStack();
  for (const stage of stages) announcements.use(announce(redis, stage, api, healths[stage]));
  await untilFailed(api, []);
  expect(await healthOf(api)).toMatchObject({ status: 200, body: { status: "ok", failed: [] } });

  healths.sink.waiting("opensearch", "connection refused");
  const waiting = await untilFailed(api, ["sink"]);
  expect(waiting.checks.sink).toMatchObject({
    cause: "waiting for opensearch (connection refused)",
    since: healths.sink.dependencies.opensearch?.since,
  });

  healths.sink.working("opensearch");
  healths.embed.waiting("embedding-provider", "401: the key is refused");
  const refused = await untilFailed(api, ["embed", "embedding-provider"]);
  expect(refused.checks["embedding-provider"]).toMatchObject({ cause: "401: the key is refused" });
});

test("a stage works while one of its processes does, and so does the provider", async () => {
  await using app = openTestApp(isolated());
  await using announcements = new AsyncDisposableStack();
  const healths = stages.map((stage) => ({ stage, well: readyHealth(), ill: readyHealth() }));
  for (const { stage, well, ill } of healths) {
    if (stage === "embed") {
      well.working("embedding-provider");
      ill.waiting("embedding-provider", "401: the key is refused");
    } else ill.waiting("kafka.consume", "connection refused");
    announcements.use(announce(redis, stage, app, ill, [], "ill-1"));
    announcements.use(announce(redis, stage, app, well, [], "well-2"));
    announcements.use(announce(redis, stage, app, ill, [], "ill-3"));
  }
  const instances = async () => {
    const { stages: read } = await bodyOf<{ stages: Record<Stage, { instances: unknown[] }> }>(
      await app.app.request("/status"),
    );
    return stages.map((stage) => read[stage].instances.length);
  };
  await expect.poll(instances, { timeout: 10_000 }).toEqual([3, 3, 3]);
  const well = { status: 200, body: { status: "ok", failed: [] } };
  // Each check is at most a second old.
  await expect.poll(() => healthOf(app), { timeout: 10_000 }).toMatchObject(well);
});

test("it names a slow operation, and still responds with 200", async () => {
  await using app = openTestApp(isolated());
  await using announcements = new AsyncDisposableStack();
  const slow = [{ operation: "sink.bulk_write", dependency: "opensearch", recentMs: 3_012.4 }];
  for (const stage of stages) {
    const health = readyHealth();
    if (stage === "embed") health.working("embedding-provider");
    announcements.use(announce(redis, stage, app, health, stage === "sink" ? slow : []));
  }
  await until(async () => (await healthOf(app)).body.status === "slow");
  expect(await healthOf(app)).toMatchObject({
    status: 200,
    body: {
      failed: [],
      slow: ["sink"],
      checks: {
        sink: { status: "slow", cause: "sink.bulk_write takes 3012 ms (opensearch)" },
        embed: { status: "ok" },
      },
    },
  });
  const status = await bodyOf<{ stages: { sink: { slow: object[] } } }>(await app.app.request("/status"));
  expect(status.stages.sink.slow).toEqual([{ instance: "test-sink", ...slow[0] }]);
});

function readyHealth(): Health {
  const health = new Health();
  health.working("redis");
  health.started();
  return health;
}

test.each([
  ["kafka", { KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT}` }],
  ["opensearch", { OPENSEARCH_ENDPOINT: `http://127.0.0.1:${CLOSED_PORT}` }],
  ["postgres", { POSTGRES_PORT: CLOSED_PORT }],
  ["redis", { REDIS_PORT: CLOSED_PORT }],
])("while %s is unavailable it says so and why", async (service, away) => {
  await using app = openTestApp({ ...isolated(), ...away });
  let health = await healthOf(app);
  await until(async () => {
    health = await healthOf(app);
    if (health.body.checks[service]?.cause === "not connected yet") return false;
    return ["kafka", "opensearch", "postgres", "redis"].every(
      (name) => (health.body.checks[name]?.status === "failed") === (name === service),
    );
  });
  expect(health.status).toBe(503);
  expect(health.body.failed).toContain(service);
  expect(health.body.checks[service]).toMatchObject({ cause: expect.any(String), since: expect.any(String) });
  if (service === "redis")
    expect(health.body.checks.sink?.cause).toMatch(/^unknown: Redis is unavailable \(.*(ECONNREFUSED|no connection)/);
});

test("the api is live and ready whichever service is unavailable", async () => {
  await using app = openTestApp({ ...isolated(), POSTGRES_PORT: CLOSED_PORT });
  expect((await app.app.request("/health/live")).status).toBe(200);
  expect((await app.app.request("/health/ready")).status).toBe(200);
});
