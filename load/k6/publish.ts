// The profiles of `millrace load` for k6, which can make them from many machines and send its figures to many places:
//   k6 run --env PROFILE=spike load/k6/publish.ts
// PROFILE, URL, RATE (messages a second), DURATION (seconds), FOLLOW (every so many messages one is followed until it
// is stored), MAX_P99_PUBLISH and MAX_P99_STORED (milliseconds). A threshold that is crossed ends k6 with 99.
import { check, fail, sleep } from "k6";
import exec from "k6/execution";
import http from "k6/http";
import { Counter, Trend } from "k6/metrics";
import type { Options, Scenario } from "k6/options";
import { builtInTexts } from "../../packages/cli/src/load/built-in-texts.ts";
import { type ProfileName, profileNames, profiles } from "../../packages/cli/src/load/profiles.ts";

const POLL_INTERVAL_S = 0.2;
const STORED_WITHIN_MS = 60_000;
const VIRTUAL_USERS_MAX = 1_000;

const url = __ENV.URL ?? "http://127.0.0.1:8080";
const name = (__ENV.PROFILE ?? "baseline") as ProfileName;
if (!profileNames.includes(name)) throw new Error(`PROFILE is ${name}; give one of ${profileNames.join(", ")}`);
const profile = profiles[name];
const followEvery = numberOf("FOLLOW") ?? 100;
const phases = profile.phases(
  numberOf("RATE") ?? profile.ratePerS,
  (numberOf("DURATION") ?? profile.durationMs / 1_000) * 1_000,
);

const published = new Trend("publish", true);
const stored = new Trend("publish_to_stored", true);
const missing = new Counter("not_stored");

export const options: Options = {
  scenarios: Object.fromEntries(phases.map((phase, index) => [phase.name, scenarioOf(index)])),
  summaryTrendStats: ["count", "p(50)", "p(90)", "p(99)", "max"],
  thresholds: {
    checks: ["rate==1"],
    not_stored: ["count==0"],
    // An iteration that no virtual user was free for is a request that was due and never sent.
    dropped_iterations: ["count==0"],
    ...thresholdOf("publish", numberOf("MAX_P99_PUBLISH")),
    ...thresholdOf("publish_to_stored", numberOf("MAX_P99_STORED")),
  },
};

/** An open loop: iterations begin at their rate, whether or not the earlier ones are done. */
function scenarioOf(index: number): Scenario {
  const { ratePerS, durationMs } = phases[index] ?? { ratePerS: 1, durationMs: 1_000 };
  const startMs = phases.slice(0, index).reduce((sum, phase) => sum + phase.durationMs, 0);
  return {
    executor: "constant-arrival-rate",
    // k6 takes whole numbers only: a minute's count keeps the fractions.
    rate: Math.round(ratePerS * 60),
    timeUnit: "1m",
    duration: `${Math.round(durationMs)}ms`,
    startTime: `${Math.round(startMs)}ms`,
    preAllocatedVUs: Math.min(VIRTUAL_USERS_MAX, Math.ceil(ratePerS / 4) + 10),
    maxVUs: VIRTUAL_USERS_MAX,
    gracefulStop: `${STORED_WITHIN_MS}ms`,
  };
}

export default function publish(): void {
  const index = exec.scenario.iterationInTest;
  const startedAtMs = Date.now();
  const answer = http.post(`${url}/publish`, JSON.stringify({ text: builtInTexts(index) }), {
    headers: { "content-type": "application/json" },
    tags: { name: "publish" },
  });
  published.add(answer.timings.duration);
  if (!check(answer, { published: ({ status }) => status === 202 })) return;
  if (index % followEvery === 0) follow(answer.json("messages.0.id") as string, startedAtMs);
}

/** Asks until both stores have the message; the time is the sink's, so that asking seldom makes it no longer. */
function follow(id: string, startedAtMs: number): void {
  while (Date.now() - startedAtMs < STORED_WITHIN_MS) {
    const answer = http.get(`${url}/status/${encodeURIComponent(id)}`, { tags: { name: "status" } });
    const at = answer.status === 200 ? (answer.json("milestones.stored") as string | undefined) : undefined;
    if (at !== undefined) {
      stored.add(Date.parse(at) - startedAtMs);
      return;
    }
    sleep(POLL_INTERVAL_S);
  }
  missing.add(1);
  fail(`${id} was not stored within ${STORED_WITHIN_MS} ms`);
}

function thresholdOf(metric: string, maxMs: number | undefined): Options["thresholds"] {
  return maxMs === undefined ? {} : { [metric]: [`p(99)<${maxMs}`] };
}

function numberOf(variable: string): number | undefined {
  const text = __ENV[variable];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${variable} is ${text}; give a number over 0`);
  return value;
}
