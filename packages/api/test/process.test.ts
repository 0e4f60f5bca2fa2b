import { expect, test } from "vitest";
import { ApiProcess } from "./api-process.ts";
import { bodyOf, CLOSED_PORT, isolated, postJson, until } from "./support.ts";

test("it reaches the services in order, publishes, and exits with 0 on SIGTERM", async () => {
  await using api = new ApiProcess(isolated());
  await until(async () => api.logged("process.ready"));
  const reached = api.lines.flatMap(({ action, details }) =>
    action === "process.start" && details?.dependency ? [details.dependency] : [],
  );
  // It keeps retrying an unavailable service, as embed is here.
  expect([...new Set(reached)]).toEqual(["postgres", "opensearch", "kafka", "embed", "redis"]);
  expect((await fetch(`${api.url}/health/ready`)).status).toBe(200);
  const checks = () => api.lines.filter(({ action }) => action === "doctor.check");
  await until(async () => checks().length === 5);
  expect(checks().map(({ details }) => details?.dependency)).toEqual([
    ...["kafka", "postgres", "opensearch", "redis", "embed"],
  ]);
  expect(checks().at(-1)).toMatchObject({ status: "failed", details: { code: "tcp_refused" } });
  // It creates the topics itself.
  await until(async () => (await fetch(`${api.url}/publish`, postJson({ text: "hello" }))).status === 202);
  expect(await api.stop()).toBe(0);
});

test("while services are unavailable it is live and ready, names them, and still stops on SIGTERM", async () => {
  await using api = new ApiProcess({
    ...isolated(),
    KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT}`,
    POSTGRES_PORT: CLOSED_PORT,
    SCHEMA_REGISTRY_URL: `http://127.0.0.1:${CLOSED_PORT}`,
  });
  await until(async () => api.logged("process.ready"));
  expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  expect((await fetch(`${api.url}/health/ready`)).status).toBe(200);
  const health = await fetch(`${api.url}/health`);
  expect(health.status).toBe(503);
  expect((await bodyOf<{ failed: string[] }>(health)).failed).toEqual(expect.arrayContaining(["kafka", "postgres"]));
  expect((await fetch(`${api.url}/publish`, postJson({ text: "hello" }))).status).toBe(503);
  expect(await api.stop()).toBe(0);
});

test("it exits with 78 on an invalid configuration", async () => {
  await using api = new ApiProcess({ ...isolated(), PUBLISH_MAX_BYTES: "many" });
  expect(await api.exited()).toBe(78);
  expect(api.logged("process.configure")).toBe(true);
});
