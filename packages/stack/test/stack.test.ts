import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pipelineDirectory } from "../src/directories.ts";
import { startPipeline } from "../src/pipeline.ts";
import { findProcess } from "../src/process-table.ts";
import { reset, type Stack, startService, stopService, up } from "../src/stack.ts";
import { status } from "../src/status.ts";
import { writeRecords } from "./clients.ts";
import { run } from "./run.ts";

const name = "stack-test";
let stack: Stack;

/**
 * A temporary directory has mode 700, like many homes: a program that runs as another user must not need to enter it.
 */
beforeAll(async () => {
  process.env.MILLRACE_STATE_DIR = await mkdtemp(join(tmpdir(), "millrace-stack-"));
  stack = await up({ name });
});

afterAll(async () => {
  await reset({ name });
  await rm(process.env.MILLRACE_STATE_DIR ?? "", { recursive: true });
});

async function processIds(): Promise<Record<string, number | undefined>> {
  return Object.fromEntries((await status({ name })).map((service) => [service.name, service.pid]));
}

test("every service answers in its own protocol, and keeps its data over a restart", async () => {
  const records = await writeRecords(stack.env, "kept");
  for (const service of ["kafka", "opensearch", "postgres", "redis"] as const) {
    expect(await records[service]()).toBe("kept");
    await stopService(service, { stack: name });
    expect(await status({ name })).toContainEqual(expect.objectContaining({ name: service, state: "stopped" }));
    await startService(service, { stack: name });
    expect(await records[service]()).toBe("kept");
  }
}, 120_000);

test("up on a running stack changes nothing and says so", async () => {
  const before = await processIds();
  const { code, stdout, stderr } = await run("src/main.ts", ["up", "--name", name]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: `Stack "${name}" is already up.\n` });
  expect(stdout).toContain(`KAFKA_BOOTSTRAP_SERVERS=${stack.env.KAFKA_BOOTSTRAP_SERVERS}\n`);
  expect(await processIds()).toEqual(before);
});

test("env and status show where the services are", async () => {
  const settings = await run("src/main.ts", ["env", "--name", name, "--json"]);
  expect(JSON.parse(settings.stdout)).toEqual(stack.env);
  const table = await run("src/main.ts", ["status", "--name", name]);
  expect(table.stdout.match(/ running /g)).toHaveLength(4);
});

test.each(["postgres", "opensearch"] as const)("up repairs a stack whose %s was killed", async (service) => {
  const before = await processIds();
  const records = await writeRecords(stack.env, "survives");
  process.kill(before[service] ?? 0, "SIGKILL");
  expect((await up({ name })).env).toEqual(stack.env);
  expect(await processIds()).toEqual({ ...before, [service]: expect.not.toSatisfy((pid) => pid === before[service]) });
  expect(await records[service]()).toBe("survives");
});

test("a running service does not move to another port", async () => {
  await expect(up({ name, ports: { kafka: 21_000 } })).rejects.toThrow(
    /already running with Kafka .+ on port .+ stop it/,
  );
});

test("the schema registry starts on demand, keeps its ids over a restart, and requires a password", async () => {
  const { SCHEMA_REGISTRY_URL = "", ...env } = (await up({ name, with: ["registry"] })).env;
  const authorization = `Basic ${btoa(`${env.SCHEMA_REGISTRY_USERNAME}:${env.SCHEMA_REGISTRY_PASSWORD}`)}`;
  const ask = (path: string, options: RequestInit = {}) =>
    fetch(`${SCHEMA_REGISTRY_URL}${path}`, {
      ...options,
      headers: { authorization, "content-type": "application/json", ...options.headers },
    });
  const body = JSON.stringify({ schema: '"string"' });
  const { id } = (await (await ask("/subjects/kept-value/versions", { method: "POST", body })).json()) as {
    id: number;
  };
  await stopService("registry", { stack: name });
  await startService("registry", { stack: name });
  expect(await (await ask(`/schemas/ids/${id}`)).json()).toMatchObject({ schema: '"string"' });
  for (const wrong of ["", `Basic ${btoa("millrace:wrong")}`]) {
    expect((await ask(`/schemas/ids/${id}`, { headers: { authorization: wrong } })).status).toBe(401);
  }
  const { stdout } = await run("src/main.ts", ["status", "--name", name]);
  expect(stdout.match(/ running /g)).toHaveLength(5);
}, 120_000);

test("down leaves no process, and the next start uses the same ports", async () => {
  const pids = Object.values(await processIds());
  const { code, stderr } = await run("src/main.ts", ["down", "--name", name]);
  expect({ code, lines: stderr.trim().split("\n").length }).toEqual({ code: 0, lines: 5 });
  expect(await Promise.all(pids.map((pid) => findProcess(pid ?? 0)))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect((await up({ name })).env).toEqual(stack.env);
});

test("a running pipeline keeps its directory, and down stops what a killed one left behind", async () => {
  const holder = spawn(
    process.execPath,
    ["--conditions=millrace", join(import.meta.dirname, "fixtures", "pipeline-holder.ts"), name],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(holder.stdout, "data");
  const embed = async () => (await status({ name })).find((each) => each.name === "embed");
  expect(await embed()).toMatchObject({ title: "embed-1", state: "running" });
  const starting = startPipeline({ stack: stack.env, logDirectory: pipelineDirectory(stack.directory) });
  await expect(starting).rejects.toThrow(
    new RegExp(`^A pipeline is already running: process ${holder.pid}, .+ --stack NAME\\.$`),
  );

  holder.kill("SIGKILL");
  await once(holder, "exit");
  const orphan = await embed();
  expect(orphan).toMatchObject({ state: "orphaned" });
  const { stderr } = await run("src/main.ts", ["down", "--name", name]);
  expect(stderr).toContain(`embed-1 (process ${orphan?.pid}): stopped; left over from a killed start\n`);
  expect(await findProcess(orphan?.pid ?? 0)).toBeUndefined();
  expect(await embed()).toBeUndefined();
});

test("a taken port stops the start with one sentence", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  const address = taken.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const { code, stderr } = await run("src/main.ts", ["up", "--name", "taken", "--redis-port", String(port)]);
  taken.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`^Port ${port} for redis is taken by .+\n$`));
});

test("a missing Java stops the start with one sentence", async () => {
  const { code, stderr } = await run("src/main.ts", ["up", "--name", "no-java"], { PATH: "", JAVA_HOME: "" });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Kafka and OpenSearch need Java, but none was found: install .+\n$/);
});

test("quotes the log of a service that dies while starting", async () => {
  const { code, stderr } = await run("src/main.ts", ["up", "--name", "dies"], {
    MILLRACE_OPENSEARCH_HEAP_MB: "999999999",
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/OpenSearch .+ did not start\. The last lines of its log, .+:\n.*Could not reserve/s);
  await reset({ name: "dies" });
});
