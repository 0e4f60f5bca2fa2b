import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "./api.ts";
import { HttpClient, HttpTimeout } from "./http-client.ts";

const ports = new Set<number | undefined>();
/** Echoes the request; never answers /silent, and answers half to /half. */
const server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
  ports.add(request.socket.remotePort);
  if (request.url === "/half") response.write("half");
  else if (request.url !== "/silent") response.writeHead(202).end(`${request.method} ${await text(request)}`);
});
let url: URL;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("requests follow each other on one connection, even beyond the time limit of a single request", async () => {
  const timeoutMs = 5_000;
  using client = new HttpClient(url, timeoutMs, 60_000);
  ports.clear();
  const startedAt = performance.now();
  for (let index = 0; performance.now() - startedAt < 1.2 * timeoutMs; index++) {
    expect(await client.request("/", `${index} ä`)).toEqual({ status: 202, body: `POST ${index} ä` });
    await new Promise((over) => setTimeout(over, 50));
  }
  expect(await client.request("/")).toEqual({ status: 202, body: "GET " });
  expect(ports.size).toBe(1);
});

test.each(["/silent", "/half"])("a request without a complete response fails in time: %s", async (path) => {
  using client = new HttpClient(url, 50);
  await expect(client.request(path)).rejects.toThrow(HttpTimeout);
});

test("many concurrent requests share few connections, and each is answered", async () => {
  using client = new HttpClient(url, 10_000);
  ports.clear();
  const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => client.request("/", String(index))));
  expect(answers.map(({ body }) => body)).toEqual(answers.map((_, index) => `POST ${index}`));
  expect(ports.size).toBeLessThanOrEqual(64);
});

test("a response of another form is not a success", async () => {
  using client = new HttpClient(url, 10_000);
  expect(await publish(client, "text")).toEqual({ error: expect.stringContaining("JSON") });
});
