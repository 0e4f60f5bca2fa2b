import { mkdtemp } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isolated, startPipeline } from "@millrace/stack";
import { expect, inject, it } from "vitest";
import { millrace } from "./millrace.ts";

const suffix = `cli_load_${process.pid}`;

it("measures a real pipeline, and the processes' logs report the same messages", async () => {
  await using pipeline = await startPipeline({
    stack: inject("stack"),
    environment: { ...isolated(suffix), EMBEDDING_PROVIDER: "local" },
    logDirectory: await mkdtemp(join(tmpdir(), "millrace-cli-")),
  });
  const load = (...parameters: string[]) =>
    millrace(["load", "--url", pipeline.api.href, "--json", ...parameters], suffix).finished;

  const passed = await load("--rate", "50", "--duration", "4s", "--sample", "40", "--max-p99-stored", "5m");
  expect(passed).toMatchObject({ code: 0, stderr: expect.stringContaining("200 of 200 sent, 0 failed") });
  expect(JSON.parse(passed.stdout)).toMatchObject({
    passed: true,
    sent: 200,
    answered: 200,
    errorRate: 0,
    publish: { count: 200, p99Ms: expect.any(Number) },
    stored: { count: 40, sampled: 40, deadLettered: 0, missing: 0 },
  });

  const spike = await load("--profile", "spike", "--rate", "10", "--duration", "3s", "--max-p99-publish", "0.001ms");
  expect(spike.code).toBe(1);
  const report = JSON.parse(spike.stdout);
  expect(report.phases.map(({ publish }: { publish: { count: number } }) => publish.count)).toEqual([10, 50, 10]);
  expect(report.checks.filter((check: { passed: boolean }) => !check.passed)).toMatchObject([
    { name: "p99 publish (ms)", limit: 0.001 },
  ]);

  // The batches' lines follow their rows, and load waits only for a sample's rows.
  const logs = pipeline.processes.map(({ log }) => log);
  await pipeline.stop();
  const { stdout } = await millrace(["latency", "--json", ...logs], suffix).finished;
  const { endToEnd, operations, lines } = JSON.parse(stdout);
  expect(endToEnd.count).toBe(270);
  expect(lines.damaged).toBe(0);
  const messagesOf = (operation: string) =>
    operations.find((each: { operation: string }) => each.operation === operation)?.messages;
  expect(["api.publish", "ingest.pack", "embed.batch", "sink.batch"].map(messagesOf)).toEqual([270, 270, 270, 270]);
});

it("counts refused requests, and fails", async () => {
  await using busy = await serve((_request, response) => response.writeHead(503).end());
  const parameters = ["load", "--url", busy.url, "--rate", "20", "--duration", "1s", "--max-errors", "50%"];
  const { code, stdout } = await millrace(parameters, suffix).finished;
  expect(code).toBe(1);
  expect(stdout).toMatch(/^baseline: 20 sent at .* a second, 0 published, 20 failed \(20 503\)\n/);
  expect(stdout).toContain("FAIL  error rate: 1, limit 0.5");
});

it("distinguishes a server that hangs up from one that refuses", async () => {
  await using broken = await serve((request) => request.socket.destroy());
  const { code, stdout } = await millrace(
    ["load", "--url", broken.url, "--rate", "20", "--duration", "1s", "--json"],
    suffix,
  ).finished;
  expect(code).toBe(1);
  expect(JSON.parse(stdout).errors).toEqual({ ECONNRESET: 20 });
});

it("Ctrl-C stops it with the measurements so far", async () => {
  await using busy = await serve((_request, response) => response.writeHead(503).end());
  const running = millrace(["load", "--url", busy.url, "--profile", "endurance"], suffix);
  await expect.poll(running.stderr, { timeout: 30_000 }).toContain(" of 360000 sent");
  running.interrupt();
  const { code, stdout } = await running.finished;
  expect(code).toBe(130);
  expect(stdout).toMatch(/^endurance: \d+ sent/);
});

/** A server that does not do what it is asked to do. */
async function serve(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
