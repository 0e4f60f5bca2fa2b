// Runs every k6 profile for a few seconds, each against its own pipeline, and checks that k6's counts equal those of
// the audit log, and that a crossed threshold fails the run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { lease } from "@millrace/stack";
import { Command } from "commander";
import { z } from "zod";
import { openTestbed, type Testbed } from "./testbed.ts";

const profiles = ["baseline", "spike", "sustained", "endurance"];
/** What k6 exits with when a threshold is crossed. */
const EXIT_CROSSED = 99;

const summarySchema = z.object({
  metrics: z.object({
    publish: z.object({ count: z.int(), "p(99)": z.number() }),
    publish_to_stored: z.object({ count: z.int(), "p(99)": z.number() }),
  }),
});

const { seconds } = new Command("k6")
  .description(
    "Runs every profile of load/k6 against a pipeline, and checks that every message that k6 counted was stored. Exit code 0: it was.",
  )
  .option("--seconds <number>", "duration of each profile", Number, 6)
  .parse()
  .opts<{ seconds: number }>();

await using stack = await lease({ name: "k6", onProgress: say });
const logDirectory = join(stack.directory, "logs", "k6");
await using testbed = await openTestbed(`k6_${process.pid}`, { stack: stack.env, logDirectory });
const summaryFile = join(logDirectory, "summary.json");

let published = 0;
for (const profile of profiles) published += await runProfile(profile, testbed);
const exit = await k6({ PROFILE: "baseline", DURATION: "1", MAX_P99_PUBLISH: "0.001" }, testbed);
published += (await readSummary()).publish.count;
if (exit !== EXIT_CROSSED) fail(`a threshold that no server can keep ended k6 with ${exit}`);
await testbed.untilRecorded(published);
say(`${published} messages published by k6, each with its row`);

async function runProfile(profile: string, { pipeline }: Testbed): Promise<number> {
  const exit = await k6({ PROFILE: profile, DURATION: String(seconds), FOLLOW: "20" }, { pipeline });
  const { publish, publish_to_stored: stored } = await readSummary();
  if (exit !== 0) fail(`${profile} ended with ${exit}`);
  if (stored.count === 0) fail(`${profile} followed no message`);
  const figures = `p99 publish ${publish["p(99)"].toFixed(1)} ms, stored ${stored["p(99)"].toFixed(0)} ms`;
  say(`${profile}: ${publish.count} published, ${stored.count} followed until they were stored; ${figures}`);
  return publish.count;
}

async function k6(environment: Record<string, string>, { pipeline }: Pick<Testbed, "pipeline">) {
  const script = resolve(import.meta.dirname, "../../../load/k6/run");
  const child = spawn(script, ["--quiet", "--summary-export", summaryFile], {
    env: { ...process.env, ...environment, URL: pipeline.api.origin },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
}

async function readSummary() {
  return summarySchema.parse(JSON.parse(await readFile(summaryFile, "utf8"))).metrics;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function fail(cause: string): void {
  say(`FAIL ${cause}`);
  process.exitCode = 1;
}
