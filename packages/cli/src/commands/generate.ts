import {
  type GenerateOptions,
  generate,
  type ScenarioName,
  type ShapeName,
  shapeNames,
  shapes,
} from "@millrace/generators";
import { textTable } from "@millrace/stack";
import { Argument, Command, Option } from "commander";
import { parseDuration, parseMoment } from "../durations.ts";
import { CommandError } from "../errors.ts";
import { apiTarget } from "../generate/api.ts";
import { kafkaTarget } from "../generate/kafka.ts";
import { showGenerateProgress } from "../generate/progress.ts";
import { run } from "../generate/run.ts";
import { standardOutput } from "../generate/standard-output.ts";
import type { Target } from "../generate/target.ts";
import { parsePercent, parsePositive, parseUrl, wholeNumber } from "../options.ts";

interface Options extends Pick<GenerateOptions, "seed" | "users" | "devices" | "late" | "duplicate" | "invalid"> {
  to: "stdout" | "kafka" | "api";
  topic: string;
  url: URL;
  token?: string;
  rate: number;
  shape: ShapeName;
  count?: number;
  duration?: number;
  pace?: boolean;
  start?: number;
}

const EXIT_INTERRUPTED = 130;
/** Start time of unpaced events, so that the same seed generates the same bytes. */
const START_MS = Date.UTC(2026, 0, 1);

const DURATION_MS = 60_000;

const scenarios: Record<ScenarioName, string> = {
  iot: "sensors: readings that drift around their mean, and outages",
  clickstream: "shop visits: sessions from page to page, most of them by a few users (Zipf)",
  transactions: "card payments: many small, few large, and rarely a fraud",
};

const help = `
Scenarios:
${listOf(Object.entries(scenarios))}

Shapes of the rate:
${listOf(shapeNames.map((name) => [name, shapes[name].description]))}

The same seed and options generate the same events; paced runs also need the same --start.
--to kafka reads the processes' variables (KAFKA_BOOTSTRAP_SERVERS, EVENTS_FORMAT, SCHEMA_REGISTRY_URL, …).
--to stdout writes the events to standard output; progress always goes to standard error.

Examples:
  millrace generate iot --count 1000000 > readings.jsonl
  millrace generate transactions --to api --rate 200 --duration 10m --late 2% --duplicate 1%
  millrace generate clickstream --to kafka --topic clicks --shape burst --invalid 0.5%

Exit code 0: every valid event was delivered. 1: some were not.`;

export function generateCommand(stop: AbortSignal): Command {
  return new Command("generate")
    .description("generate realistic events; the same seed generates the same events")
    .addArgument(new Argument("<scenario>", "kind of events").choices(Object.keys(scenarios)))
    .addOption(new Option("--to <target>", "where to send them").choices(["stdout", "kafka", "api"]).default("stdout"))
    .option("--topic <topic>", "topic, for kafka and api", "events")
    .option("--url <url>", "URL of the api", parseUrl, new URL("http://127.0.0.1:8080"))
    .addOption(new Option("--token <token>", "bearer token for the api").env("MILLRACE_TOKEN"))
    .option("--rate <number>", "events per second", parsePositive, 1_000)
    .addOption(new Option("--shape <name>", "how the rate changes over time").choices(shapeNames).default("constant"))
    .option("--count <number>", "stop after this many events", wholeNumber(1, 1_000_000_000_000))
    .option(
      "--duration <duration>",
      "stop after this long, by the clock of the events; default: 1m without --count",
      parseDuration,
    )
    .option("--pace", "send each event when it is due; default for kafka and api")
    .option("--no-pace", "send as fast as possible; default for stdout")
    .option(
      "--start <time>",
      "time of the first event; default: now if paced, otherwise 2026-01-01T00:00:00Z",
      parseMoment,
    )
    .option("--seed <number>", "another seed generates other events", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--users <number>", "number of users", wholeNumber(1, 1_000_000), 10_000)
    .option("--devices <number>", "number of devices", wholeNumber(1, 1_000_000), 1_000)
    .option("--late <percent>", "share of events that are older than those already sent", parsePercent, 0)
    .option("--duplicate <percent>", "share of events that are sent twice", parsePercent, 0)
    .option("--invalid <percent>", "share of events that are invalid", parsePercent, 0)
    .addHelpText("after", help)
    .action((scenario: ScenarioName, options: Options) => generateEvents(scenario, options, stop));
}

async function generateEvents(scenario: ScenarioName, options: Options, stop: AbortSignal): Promise<void> {
  const { rate: ratePerS, shape, seed, users, devices, late, duplicate, invalid, count } = options;
  if (late + duplicate + invalid > 1)
    throw new CommandError("--late, --duplicate and --invalid add up to more than 100%.");
  const paced = options.pace ?? options.to !== "stdout";
  const startMs = options.start ?? (paced ? Date.now() : START_MS);
  const durationMs = options.duration ?? (count === undefined ? DURATION_MS : Number.POSITIVE_INFINITY);
  if (shape === "ramp" && !Number.isFinite(durationMs)) throw new CommandError("--shape ramp needs a --duration.");
  const events = generate({
    ...{ scenario, seed, users, devices, late, duplicate, invalid },
    ...{ shape, ratePerS, startMs, durationMs },
  });
  await using target = await targetOf(options, stop);
  const progress = showGenerateProgress();
  const sent = await run(events, {
    target,
    count: count ?? Number.POSITIVE_INFINITY,
    ...(paced && { pacedFromMs: startMs }),
    stop,
    onSend: progress.sending,
    onProgress: (so, atMs) => {
      const done = so.accepted + so.refused + so.failed;
      progress.update(so, Math.max(done / (count ?? Number.POSITIVE_INFINITY), (atMs - startMs) / durationMs));
    },
  }).finally(() => progress.end());
  if (stop.aborted) process.exitCode = EXIT_INTERRUPTED;
  else if (sent.failed > 0 || sent.refused > sent.invalid) process.exitCode = 1;
}

function targetOf({ to, topic, url, token }: Options, stop: AbortSignal): Target | Promise<Target> {
  switch (to) {
    case "stdout":
      return standardOutput(stop);
    case "kafka":
      return kafkaTarget(topic, stop);
    case "api":
      return apiTarget({ url, topic, ...(token !== undefined && { token }) }, stop);
  }
}

function listOf(entries: readonly (readonly [name: string, text: string])[]): string {
  return textTable(entries, "left")
    .map((line) => `  ${line}`)
    .join("\n");
}
