import { Health, Log, Metrics } from "@millrace/shared";
import { expect, test } from "vitest";
import { type ApiEdges, createApp } from "../src/app.ts";
import { bodyOf, isolated, openTestApp, postJson } from "./support.ts";

await using api = openTestApp(isolated());

/** The same api with one edge replaced, to simulate what a real service doesn't do on demand. */
function appWith(edges: Partial<ApiEdges>, lines: string[] = []) {
  const log = new Log("api", { destination: { write: (line) => void lines.push(line) } });
  const config = { ...api.config, REQUEST_TIMEOUT_MS: 500 };
  return createApp({ ...api.edges, log, ...edges }, new Health(), config, new Metrics("api"));
}

test("an unknown path is a 404 problem", async () => {
  const response = await api.app.request("/nothing");
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toEqual({
    type: "urn:millrace:problem:no-such-route",
    title: "Route not found",
    status: 404,
    detail: "/docs lists all routes",
    instance: "/nothing",
  });
});

test.each([
  ["GET", "/publish", "POST"],
  ["DELETE", "/status/messages-0-1", "GET, HEAD"],
  ["POST", "/search", "GET, HEAD"],
])("%s %s is refused with the allowed methods", async (method, path, allow) => {
  const response = await api.app.request(path, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe(allow);
  expect(await response.json()).toMatchObject({ type: "urn:millrace:problem:method-not-allowed", status: 405 });
});

test("a bug is a 500 without internal details, and is logged", async () => {
  const lines: string[] = [];
  const app = appWith({ documentSearch: { search: () => Promise.reject(new TypeError("secret inside")) } }, lines);
  const response = await app.request("/search?q=card&mode=text");
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
  const entries = lines.map((line) => JSON.parse(line));
  expect(entries[0]).toMatchObject({ action: "api.request", status: "failed", details: { cause: "secret inside" } });
  expect(entries[1]).toMatchObject({ status: "failed", details: { method: "GET", route: "/search", status: 500 } });
});

const hangs = () => new Promise<never>(() => undefined);

test("a search that hangs ends with 504", async () => {
  const response = await appWith({ documentSearch: { search: hangs } }).request("/search?q=card&mode=text");
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ type: "urn:millrace:problem:timeout", instance: "/search" });
});

test("a publish that hangs ends with 504 and says that messages may have been published", async () => {
  const app = appWith({ messageLog: { append: hangs } });
  const response = await app.request("/publish", postJson({ text: "hello" }));
  expect(response.status).toBe(504);
  expect((await bodyOf<{ detail: string }>(response)).detail).toContain(
    "0 of 1 messages were published; others may have been published too",
  );
});

test("a status whose sources hang responds with the known fields", async () => {
  const response = await appWith({ readLag: hangs, readPresence: hangs }).request("/status");
  expect(response.status).toBe(200);
  const unknown = { presence: "Redis: no response within 400 ms", lag: "Kafka: no response within 400 ms" };
  expect((await bodyOf<{ stages: { ingest: unknown } }>(response)).stages.ingest).toMatchObject({
    state: null,
    lag: null,
    unknown,
  });
});

test("every request is logged by its route, without its parameters", async () => {
  await api.app.request("/status/messages-confidential");
  const line = api.lines().findLast(({ action }) => action === "api.request");
  expect(line).toMatchObject({
    service: "api",
    status: "ok",
    durationMs: expect.any(Number),
    details: { method: "GET", route: "/status/:id", status: 400 },
  });
  expect(JSON.stringify(line)).not.toContain("confidential");
});
