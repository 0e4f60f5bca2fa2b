import { Hono } from "hono";
import { timeout } from "hono/timeout";
import { expect, test } from "vitest";
import { z } from "zod";
import {
  commonProblemKinds,
  jsonPointer,
  Problem,
  problemOf,
  problemResponse,
  requestErrors,
  timeoutException,
} from "./problem.ts";

const bugs: Error[] = [];
const app = new Hono();
app.onError((error, context) =>
  problemResponse(
    context,
    problemOf(error, context, (bug) => void bugs.push(bug)),
  ),
);
app.use("/slow", timeout(20, timeoutException(20)));
app.get("/slow", () => new Promise<never>(() => undefined));
app.get("/bug", () => {
  throw new Error("secret");
});
app.get("/away", () => {
  const kind = { kind: "unavailable", ...commonProblemKinds.unavailable };
  throw new Problem(kind, "Redis: connection refused", { ids: ["a"] }, { "x-test": "1" });
});

test("a problem becomes an RFC 9457 response with its extensions and headers", async () => {
  const response = await app.request("/away");
  expect(response.status).toBe(503);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("retry-after")).toBe("5");
  expect(response.headers.get("x-test")).toBe("1");
  expect(await response.json()).toEqual({
    type: "urn:millrace:problem:unavailable",
    title: "A required service is unavailable",
    status: 503,
    detail: "Redis: connection refused",
    instance: "/away",
    ids: ["a"],
  });
});

test("a bug becomes a 500 without its cause, and is passed on for the log", async () => {
  const response = await app.request("/bug");
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
  expect(bugs.map(({ message }) => message)).toEqual(["secret"]);
});

test("a timeout becomes a 504", async () => {
  const response = await app.request("/slow");
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ type: "urn:millrace:problem:timeout", instance: "/slow" });
});

test("faults have JSON Pointers into the body", () => {
  const schema = z.object({ "a/b": z.object({ "c~d": z.string() }) });
  const { error } = schema.safeParse({ "a/b": { "c~d": 1 } });
  expect(error && requestErrors(error, [3])).toEqual([{ path: "/3/a~1b/c~0d", message: expect.any(String) }]);
  expect(jsonPointer([])).toBe("");
});
