import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { HOST } from "./environment.ts";
import { choosePorts, isFree } from "./ports.ts";

async function listener() {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return { port: address.port, [Symbol.asyncDispose]: async () => void server.close() };
}

test("every service gets its own free port", async () => {
  const ports = Object.values(await choosePorts({}, undefined, new Set()));
  expect(new Set(ports).size).toBe(8);
  expect(await Promise.all(ports.map(isFree))).not.toContain(false);
});

test("ports used last time are used again, except those taken since", async () => {
  const first = await choosePorts({}, undefined, new Set());
  expect(await choosePorts({}, first, new Set())).toEqual(first);
  await using taken = await listener();
  const second = await choosePorts({}, { ...first, redis: taken.port }, new Set());
  expect(second).toEqual({ ...first, redis: expect.not.toSatisfy((port) => port === taken.port) });
});

test("waits for the port of a process that was just killed", async () => {
  const first = await choosePorts({}, undefined, new Set());
  const dying = createServer().listen(first.redis, HOST);
  await once(dying, "listening");
  setTimeout(() => dying.close(), 100);
  expect(await choosePorts({}, first, new Set())).toEqual(first);
});

test("keeps a port that a running service of the stack holds", async () => {
  const first = await choosePorts({}, undefined, new Set());
  await using held = await listener();
  const ports = await choosePorts({}, { ...first, kafka: held.port }, new Set([held.port]));
  expect(ports.kafka).toBe(held.port);
});

test("refuses a requested port that is taken, with the remedy", async () => {
  await using taken = await listener();
  await expect(choosePorts({ redis: taken.port }, undefined, new Set())).rejects.toThrow(
    new RegExp(`^Port ${taken.port} for redis is taken by .+--redis-port`),
  );
});

test("two services can't request the same port", async () => {
  await expect(choosePorts({ redis: 25_000, kafka: 25_000 }, undefined, new Set())).rejects.toThrow(
    "can't share a port",
  );
});
