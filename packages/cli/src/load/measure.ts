import { setTimeout as sleep } from "node:timers/promises";
import { Distribution } from "@millrace/shared";
import { outcomeOf, publish } from "./api.ts";
import type { Texts } from "./built-in-texts.ts";
import { HttpClient } from "./http-client.ts";
import { runOpenLoop } from "./open-loop.ts";
import { type Due, type Phase, schedule } from "./profiles.ts";
import { Reservoir } from "./reservoir.ts";

const IN_FLIGHT_MAX = 4_096;
const REQUEST_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 200;
const POLLS_AT_ONCE = 4;

export interface LoadPlan {
  api: URL;
  phases: readonly Phase[];
  texts: Texts;
  /** Number of messages that are followed until they are stored. */
  sampleSize: number;
  /** How long after the last response a message may take to be stored. */
  waitMs: number;
  stop: AbortSignal;
}

/** The measurements so far; all latencies count from the time at which a request was due. */
export class Measurements {
  sent = 0;
  answered = 0;
  readonly errors = new Map<string, number>();
  /** Until the api's response was read, by phase. */
  readonly publish: Distribution[];
  /** Until both stores had the message, for the sample. */
  readonly stored = new Distribution();
  /** How late requests were sent: if this is long, the machine that generates the load is too slow for it. */
  readonly late = new Distribution();
  sampled = 0;
  deadLettered = 0;
  missing = 0;
  durationMs = 0;

  constructor(phases: number) {
    this.publish = Array.from({ length: phases }, () => new Distribution());
  }

  get failed(): number {
    return this.sent - this.answered - this.inFlight;
  }

  get inFlight(): number {
    return this.sent - this.answered - [...this.errors.values()].reduce((sum, count) => sum + count, 0);
  }

  get publishAll(): Distribution {
    const all = new Distribution();
    for (const each of this.publish) all.merge(each);
    return all;
  }
}

interface FollowedMessage {
  id: string;
  dueAtMs: number;
}

/** Publishes at the rates of the phases, then waits for the sample to be stored. */
export async function measureLoad(load: LoadPlan, onProgress: (so: Measurements) => void): Promise<Measurements> {
  const measurements = new Measurements(load.phases.length);
  const sample = new Reservoir<FollowedMessage>(load.sampleSize);
  using client = new HttpClient(load.api, REQUEST_TIMEOUT_MS);
  const startedAtMs = performance.now();
  const send = async (due: Due, dueAtMs: number): Promise<void> => {
    measurements.late.record(performance.now() - dueAtMs);
    const text = load.texts(measurements.sent++);
    const outcome = await publish(client, text);
    if ("error" in outcome) {
      measurements.errors.set(outcome.error, (measurements.errors.get(outcome.error) ?? 0) + 1);
    } else {
      measurements.answered++;
      measurements.publish[due.phase]?.record(performance.now() - dueAtMs);
      sample.offer({ id: outcome.id, dueAtMs: clockOf(dueAtMs) });
    }
    onProgress(measurements);
  };
  await runOpenLoop(schedule(load.phases), { send, inFlightMax: IN_FLIGHT_MAX, stop: load.stop });
  // The last request is due before its phase ends.
  const plannedMs = load.stop.aborted ? 0 : load.phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
  measurements.durationMs = Math.max(performance.now() - startedAtMs, plannedMs);
  await follow(sample.items, client, load, measurements);
  return measurements;
}

/** Polls each message of the sample until it is stored or dead-lettered, or time runs out. */
async function follow(
  sample: readonly FollowedMessage[],
  client: HttpClient,
  load: LoadPlan,
  measurements: Measurements,
): Promise<void> {
  measurements.sampled = sample.length;
  const deadlineMs = performance.now() + load.waitMs;
  const waiting = [...sample];
  const followNext = async (): Promise<void> => {
    for (let message = waiting.pop(); message; message = waiting.pop()) {
      const outcome = await untilOver(message.id, client, load.stop, deadlineMs);
      if (!outcome) measurements.missing++;
      else if (outcome.state === "dead_lettered") measurements.deadLettered++;
      else measurements.stored.record(outcome.atMs - message.dueAtMs);
    }
  };
  await Promise.all(Array.from({ length: POLLS_AT_ONCE }, followNext));
}

async function untilOver(id: string, client: HttpClient, stop: AbortSignal, deadlineMs: number) {
  for (;;) {
    const outcome = await outcomeOf(client, id);
    if (outcome || stop.aborted || performance.now() >= deadlineMs) return outcome;
    await sleep(POLL_INTERVAL_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Converts to the wall clock, which the processes' timestamps use. */
function clockOf(atMs: number): number {
  return Date.now() - performance.now() + atMs;
}
