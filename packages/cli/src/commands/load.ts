import { textTable } from "@millrace/stack";
import { Command, Option } from "commander";
import { parseDuration } from "../durations.ts";
import { builtInTexts } from "../load/built-in-texts.ts";
import { measureLoad } from "../load/measure.ts";
import { type ProfileName, profileNames, profiles, requestsOf } from "../load/profiles.ts";
import { showLoadProgress } from "../load/progress.ts";
import { loadTable, reportOf } from "../load/report.ts";
import { fileTexts } from "../load/texts.ts";
import { parsePercent, parsePositive, parseUrl, wholeNumber } from "../options.ts";

interface Options {
  profile: ProfileName;
  url: URL;
  rate?: number;
  duration?: number;
  messages?: string;
  sample: number;
  wait: number;
  maxP99Publish?: number;
  maxP99Stored?: number;
  maxErrors: number;
  json?: true;
}

const EXIT_INTERRUPTED = 130;

const help = `
Profiles (rate in messages per second, one per request):
${profileTable()}

Open loop: every request is sent when it is due, whether or not earlier ones were answered, and its latency counts from
that moment; a stall therefore shows in the latency of every request that it delayed. A sample of the messages is
followed with GET /status/{id} until both stores have them; that latency ends by the sink's clock.

Exit code 0: within all limits, and every sampled message was stored. 1: otherwise.`;

export function loadCommand(stop: AbortSignal): Command {
  return new Command("load")
    .description("publish at a fixed rate, and measure until the messages are stored")
    .addOption(new Option("--profile <name>", "load profile").choices(profileNames).default("baseline"))
    .option("--url <url>", "URL of the api", parseUrl, new URL("http://127.0.0.1:8080"))
    .option("--rate <number>", "messages per second; default: the profile's", parsePositive)
    .option("--duration <duration>", "such as 30s or 5m; default: the profile's", parseDuration)
    .option("--messages <file>", "texts to publish, in the formats of start; default: sentences that are all different")
    .option("--sample <number>", "number of messages to follow until they are stored", wholeNumber(1, 100_000), 1_000)
    .addOption(
      new Option("--wait <duration>", "how long to wait for them at the end")
        .argParser(parseDuration)
        .default(60_000, "1m"),
    )
    .option("--max-p99-publish <duration>", "limit, such as 50ms", parseDuration)
    .option("--max-p99-stored <duration>", "limit from publish to stored, such as 1s", parseDuration)
    .option("--max-errors <percent>", "limit on failed requests, such as 0.1%", parsePercent, 0)
    .option("--json", "print the report as JSON")
    .addHelpText("after", help)
    .action((options: Options) => run(options, stop));
}

async function run(options: Options, stop: AbortSignal): Promise<void> {
  const profile = profiles[options.profile];
  const phases = profile.phases(options.rate ?? profile.ratePerS, options.duration ?? profile.durationMs);
  const texts = options.messages === undefined ? builtInTexts : await fileTexts(options.messages);
  const progress = showLoadProgress(phases.reduce((sum, phase) => sum + requestsOf(phase), 0));
  const load = { api: options.url, phases, texts, sampleSize: options.sample, waitMs: options.wait, stop };
  const measurements = await measureLoad(load, (so) => progress.update(so)).finally(() => progress.end());
  const report = reportOf(options.profile, phases, measurements, {
    errorRate: options.maxErrors,
    ...(options.maxP99Publish !== undefined && { p99PublishMs: options.maxP99Publish }),
    ...(options.maxP99Stored !== undefined && { p99StoredMs: options.maxP99Stored }),
  });
  process.stdout.write(`${options.json ? JSON.stringify(report, undefined, 2) : loadTable(report)}\n`);
  // An interrupted run proves nothing.
  if (stop.aborted) process.exitCode = EXIT_INTERRUPTED;
  else if (!report.passed) process.exitCode = 1;
}

function profileTable(): string {
  const rows = profileNames.map((name) => {
    const { ratePerS, durationMs, description } = profiles[name];
    return [name, `${ratePerS} per second`, `for ${durationMs / 1_000} s: ${description}`];
  });
  return textTable(rows, "left", "right", "left")
    .map((line) => `  ${line}`)
    .join("\n");
}
