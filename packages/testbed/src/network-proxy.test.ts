import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type NetworkProxy, startProxy } from "./network-proxy.ts";

const echo = createServer((socket) => {
  socket.on("error", () => undefined);
  socket.pipe(socket);
});
let proxy: NetworkProxy;

beforeEach(async () => {
  if (!echo.listening) {
    echo.listen(0, "127.0.0.1");
    await once(echo, "listening");
  }
  proxy = await startProxy((echo.address() as AddressInfo).port);
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
});

async function open(): Promise<Socket> {
  const socket = connect(proxy.port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function roundTrip(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = await once(socket, "data");
  return String(answer);
}

test("passes bytes in both directions", async () => {
  expect(await roundTrip(await open(), "hello")).toBe("hello");
});

test("passes a large body intact and in order", async () => {
  const socket = await open();
  const sent = Buffer.alloc(5_000_000, "0123456789");
  const received: Buffer[] = [];
  socket.on("data", (chunk) => received.push(chunk));
  socket.end(sent);
  await once(socket, "close");
  expect(Buffer.concat(received).equals(sent)).toBe(true);
});

test("cut resets open and new connections, and a later connection works", async () => {
  const socket = await open();
  await roundTrip(socket, "hello");
  const reset = once(socket, "error");
  proxy.mode = "cut";
  expect((await reset)[0]).toMatchObject({ code: "ECONNRESET" });
  const late = connect(proxy.port, "127.0.0.1");
  expect((await once(late, "error"))[0]).toMatchObject({ code: "ECONNRESET" });
  proxy.mode = "pass";
  expect(await roundTrip(await open(), "again")).toBe("again");
});

test("blackhole accepts and holds everything, and delivers it afterwards", async () => {
  const early = await open();
  await roundTrip(early, "hello");
  proxy.mode = "blackhole";
  const answers = [roundTrip(early, "held"), roundTrip(await open(), "held too")];
  const first = await Promise.race([...answers, sleep(200, "nothing")]);
  expect(first).toBe("nothing");
  proxy.mode = "pass";
  expect(await Promise.all(answers)).toEqual(["held", "held too"]);
});

test("slow delays every chunk and keeps the order", async () => {
  const socket = await open();
  proxy.mode = "slow";
  const startedAt = performance.now();
  expect(await roundTrip(socket, "hello")).toBe("hello");
  expect(performance.now() - startedAt).toBeGreaterThan(500);
});

test("closes the client's connection if nothing listens upstream", async () => {
  await using nowhere = await startProxy(1);
  const socket = connect(nowhere.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "close");
});
