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
/** k6's exit code for a crossed threshold. */
const EXIT_CROSSED = 99;

const summarySchema = z.object({
  metrics: z.object({
    publish: z.object({ count: z.int(), "p(99)": z.number() }),
    publish_to_stored: z.object({ count: z.int(), "p(99)": z.number() }),
  }),
});

const { seconds } = new Command("k6")
  .description("run the profiles of load/k6 against a pipeline on a separate stack")
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
if (exit !== EXIT_CROSSED)
  fail(`k6 exited with ${exit} instead of ${EXIT_CROSSED} for a threshold that no server can keep`);
await testbed.untilRecorded(published);
say(`each of the ${published} messages from k6 has a row`);

async function runProfile(profile: string, { pipeline }: Testbed): Promise<number> {
  const exit = await k6({ PROFILE: profile, DURATION: String(seconds), FOLLOW: "20" }, { pipeline });
  const { publish, publish_to_stored: stored } = await readSummary();
  if (exit !== 0) fail(`${profile}: k6 exited with ${exit}`);
  if (stored.count === 0) fail(`${profile}: no message was followed`);
  const figures = `p99 publish ${publish["p(99)"].toFixed(1)} ms, stored ${stored["p(99)"].toFixed(0)} ms`;
  say(`${profile}: ${publish.count} published, ${stored.count} followed until stored; ${figures}`);
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
