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

test("every service gets a free port of its own", async () => {
  const ports = Object.values(await choosePorts({}, undefined, new Set()));
  expect(new Set(ports).size).toBe(8);
  expect(await Promise.all(ports.map(isFree))).not.toContain(false);
});

test("the ports used last time are used again, except one that was taken since", async () => {
  const first = await choosePorts({}, undefined, new Set());
  expect(await choosePorts({}, first, new Set())).toEqual(first);
  await using taken = await listener();
  const second = await choosePorts({}, { ...first, redis: taken.port }, new Set());
  expect(second).toEqual({ ...first, redis: expect.not.toSatisfy((port) => port === taken.port) });
});

test("the port of what was just killed is waited for", async () => {
  const first = await choosePorts({}, undefined, new Set());
  const dying = createServer().listen(first.redis, HOST);
  await once(dying, "listening");
  setTimeout(() => dying.close(), 100);
  expect(await choosePorts({}, first, new Set())).toEqual(first);
});

test("a port that a running service of the stack holds is kept", async () => {
  const first = await choosePorts({}, undefined, new Set());
  await using held = await listener();
  const ports = await choosePorts({}, { ...first, kafka: held.port }, new Set([held.port]));
  expect(ports.kafka).toBe(held.port);
});

test("a wanted port that is taken is refused with the remedy", async () => {
  await using taken = await listener();
  await expect(choosePorts({ redis: taken.port }, undefined, new Set())).rejects.toThrow(
    new RegExp(`^Port ${taken.port} for redis is taken by .+--redis-port`),
  );
});

test("two services can't want the same port", async () => {
  await expect(choosePorts({ redis: 25_000, kafka: 25_000 }, undefined, new Set())).rejects.toThrow(
    "can't share a port",
  );
});
