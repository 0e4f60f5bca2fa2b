/** A period with one rate. */
export interface Phase {
  name: string;
  ratePerS: number;
  durationMs: number;
}

interface Profile {
  description: string;
  ratePerS: number;
  durationMs: number;
  phases(ratePerS: number, durationMs: number): Phase[];
}

const SPIKE_FACTOR = 5;

const steady = (ratePerS: number, durationMs: number): Phase[] => [{ name: "steady", ratePerS, durationMs }];

export const profiles = {
  baseline: { description: "the latency of an idle pipeline", ratePerS: 50, durationMs: 60_000, phases: steady },
  spike: {
    description: `${SPIKE_FACTOR} times the rate in the middle third`,
    ratePerS: 50,
    durationMs: 90_000,
    phases: (ratePerS, durationMs) =>
      [
        { name: "before", ratePerS },
        { name: "spike", ratePerS: ratePerS * SPIKE_FACTOR },
        { name: "after", ratePerS },
      ].map((phase) => ({ ...phase, durationMs: durationMs / 3 })),
  },
  sustained: { description: "a busy day", ratePerS: 300, durationMs: 300_000, phases: steady },
  endurance: { description: "what only shows over hours", ratePerS: 100, durationMs: 3_600_000, phases: steady },
} as const satisfies Record<string, Profile>;
export type ProfileName = keyof typeof profiles;

export const profileNames = Object.keys(profiles) as ProfileName[];

/** A request that is due this long after the start, whether or not earlier ones were answered. */
export interface Due {
  afterMs: number;
  phase: number;
}

/** When each request of the phases is due: evenly within a phase, one phase after the other. */
export function* schedule(phases: readonly Phase[]): Generator<Due> {
  let startMs = 0;
  for (const [phase, { ratePerS, durationMs }] of phases.entries()) {
    const count = requestsOf({ ratePerS, durationMs });
    for (let index = 0; index < count; index++) yield { afterMs: startMs + (index * 1_000) / ratePerS, phase };
    startMs += durationMs;
  }
}

export function requestsOf({ ratePerS, durationMs }: Omit<Phase, "name">): number {
  return Math.round((ratePerS * durationMs) / 1_000);
}
