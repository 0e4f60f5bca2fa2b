import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lease } from "../src/lease.ts";
import { down, reset, up } from "../src/stack.ts";
import { status } from "../src/status.ts";
import { runVitest } from "./run.ts";

const name = "lease-test";

beforeAll(async () => {
  process.env.MILLRACE_STATE_DIR = await mkdtemp(join(tmpdir(), "millrace-lease-"));
});

afterAll(async () => {
  await reset({ name });
  await reset({ name: "test" });
  await rm(process.env.MILLRACE_STATE_DIR ?? "", { recursive: true });
});

async function states(stack = name): Promise<Set<string>> {
  return new Set((await status({ name: stack })).map(({ state }) => state));
}

/** Another process that holds a lease and is killed before it can release it. */
async function leaseOfDeadProcess(): Promise<void> {
  const file = join(import.meta.dirname, "fixtures", "lease-holder.ts");
  const holder = spawn(process.execPath, ["--conditions=millrace", file, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  holder.kill("SIGKILL");
  await once(holder, "exit");
}

test("the last living lease stops a stack that a lease started", async () => {
  await leaseOfDeadProcess();
  const [first, second] = await Promise.all([lease({ name }), lease({ name })]);
  await first[Symbol.asyncDispose]();
  expect(await states()).toEqual(new Set(["running"]));
  await second[Symbol.asyncDispose]();
  expect(await states()).toEqual(new Set(["stopped"]));
});

test("a stack that the user started stays up", async () => {
  await up({ name });
  const lines: string[] = [];
  const held = await lease({ name, onProgress: (line) => lines.push(line) });
  await held[Symbol.asyncDispose]();
  expect(lines.at(-1)).toContain(`stop it with \`npm run stack -- down --name ${name}\`.`);
  expect(await states()).toEqual(new Set(["running"]));
  await down({ name });
});

test("concurrent Vitest processes share the stack and leave nothing behind", async () => {
  const root = join(import.meta.dirname, "fixtures", "global-setup");
  const outcomes = await Promise.all([1, 2].map(() => runVitest(root, {})));
  expect(outcomes.map(({ code, stdout, stderr }) => (code === 0 ? "passed" : stdout + stderr))).toEqual([
    "passed",
    "passed",
  ]);
  expect(await states("test")).toEqual(new Set(["stopped"]));
});
