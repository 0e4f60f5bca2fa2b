import { embeddingsFaults } from "@millrace/testbed";
import { createRandom, type Random } from "./random.ts";

export const pipelineStages = ["ingest", "embed", "sink"] as const;
export type PipelineStage = (typeof pipelineStages)[number];

export const proxiedNames = ["opensearch", "postgres", "redis", "embeddings"] as const;
export type ProxiedName = (typeof proxiedNames)[number];

/** What can be broken, and how. */
export const targets = {
  /** SIGKILL; the supervisor restarts the process. */
  kill: ["ingest", "embed", "sink", "api"],
  /** SIGSTOP, for longer than the session timeout, then SIGCONT. */
  freeze: pipelineStages,
  /** SIGTERM, wait, start: every process in turn. */
  "rolling-restart": ["pipeline"],
  /** Scales to two processes, to three, and back. */
  scale: pipelineStages,
  "stop-service": ["kafka", "opensearch", "postgres", "redis"],
  "kill-service": ["kafka", "opensearch", "postgres"],
  /** Resets every connection, and new ones. */
  cut: proxiedNames,
  /** Accepts connections but passes no data. */
  blackhole: proxiedNames,
  /** Delays all data. */
  slow: proxiedNames,
  embeddings: embeddingsFaults,
} as const;
export type FaultKind = keyof typeof targets;

export type Fault = {
  [Kind in FaultKind]: {
    /** Since the start of the load. */
    atMs: number;
    kind: Kind;
    target: (typeof targets)[Kind][number];
    /** From injection to healing; for a kill, the time until the restart. */
    durationMs: number;
    /** Share of the affected requests; below 1 only for the embeddings API. */
    share: number;
  };
}[FaultKind];

/** Default maximum outage of a service. */
export const OUTAGE_MAX_MS = 20_000;

/** Shorter freezes cause no rebalance: the session timeout of the runs is 6 s. */
const durationsMs: Record<FaultKind, readonly [from: number, to: number]> = {
  kill: [200, 1_000],
  freeze: [8_000, 12_000],
  "rolling-restart": [0, 0],
  scale: [6_000, 20_000],
  "stop-service": [5_000, OUTAGE_MAX_MS],
  "kill-service": [5_000, OUTAGE_MAX_MS],
  cut: [1_000, 10_000],
  blackhole: [3_000, 20_000],
  slow: [5_000, 20_000],
  embeddings: [3_000, 20_000],
};

/** Every run has at least one fault of each row, and three kills. */
const always: readonly (readonly [FaultKind, ...FaultKind[]])[] = [
  ["kill"],
  ["kill"],
  ["kill"],
  ["freeze"],
  ["rolling-restart", "scale"],
  ["stop-service"],
  ["kill-service"],
  ["cut", "blackhole", "slow"],
  ["embeddings"],
];
const kinds = Object.keys(targets) as [FaultKind, ...FaultKind[]];

/** Faults start within this part of the load, so that there is work before and after them. */
const BEGIN_SHARE = 0.05;
const END_SHARE = 0.9;
/** Keeps a single fault from filling a short run. */
const LONGEST_SHARE = 0.25;

/**
 * The plan of one run, in order of time: a pure function of its arguments.
 *
 * @param outageMaxMs maximum outage of a service; at most a quarter of the load in any case
 */
export function planFaults(seed: number, loadMs: number, count: number, outageMaxMs = OUTAGE_MAX_MS): Fault[] {
  const random = createRandom(seed);
  const drawn = Array.from({ length: Math.max(count, always.length) }, (_, position) =>
    random.pick(always[position] ?? kinds),
  );
  // Spread over the load: one fault at a random time in each of equal slots, with the kinds in random order.
  const slotMs = ((END_SHARE - BEGIN_SHARE) * loadMs) / drawn.length;
  return shuffle(drawn, random).map((kind, slot) => {
    const beginMs = BEGIN_SHARE * loadMs + slot * slotMs;
    return drawFault(
      kind,
      random.integer(Math.ceil(beginMs), Math.floor(beginMs + slotMs)),
      { loadMs, outageMaxMs },
      random,
    );
  });
}

function drawFault(
  kind: FaultKind,
  atMs: number,
  { loadMs, outageMaxMs }: { loadMs: number; outageMaxMs: number },
  random: Random,
): Fault {
  const isOutage = kind === "stop-service" || kind === "kill-service";
  const [shortestMs, usualMs] = durationsMs[kind];
  const longestMs = isOutage ? outageMaxMs : usualMs;
  const boundMs = Math.max(shortestMs, Math.min(longestMs, Math.round(LONGEST_SHARE * loadMs)));
  const target = random.pick(targets[kind] as unknown as readonly [string, ...string[]]);
  const durationMs = random.integer(shortestMs, boundMs);
  const share = kind === "embeddings" ? random.pick([0.3, 0.6, 1]) : 1;
  return { atMs, kind, target, durationMs, share } as Fault;
}

/** Fisher–Yates. */
function shuffle<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  const shuffled: Item[] = [];
  while (left.length > 0) shuffled.push(...left.splice(random.integer(0, left.length - 1), 1));
  return shuffled;
}

export function describeFault({ kind, target, durationMs, share }: Fault): string {
  const forSeconds = durationMs === 0 ? "" : ` for ${(durationMs / 1000).toFixed(1)} s`;
  return `${kind} ${target}${forSeconds}${share < 1 ? ` of ${share * 100} % of the requests` : ""}`;
}
