/** A time in a run. */
interface Moment {
  timestampMs: number;
  elapsedMs: number;
  durationMs: number;
}

/** How the event rate changes over time. */
export interface Shape {
  description: string;
  /** The share of the rate at a moment; never 0. */
  factorAt(moment: Moment): number;
}

const DAY_MS = 86_400_000;
const BUSIEST_MS = 16 * 3_600_000;
const BURST_EVERY_MS = 60_000;
const BURST_MS = 5_000;
const BURST_FACTOR = 10;
/** The start of a ramp, and the quietest time of a day. */
const LOWEST = 0.1;

export const shapes = {
  constant: { description: "the same rate throughout", factorAt: () => 1 },
  ramp: {
    description: "rises steadily from a tenth of the rate to the full rate at the end of the duration",
    factorAt: ({ elapsedMs, durationMs }) => LOWEST + (1 - LOWEST) * Math.min(1, elapsedMs / durationMs),
  },
  burst: {
    description: `${BURST_FACTOR} times the rate in the last ${BURST_MS / 1_000} s of every minute`,
    factorAt: ({ elapsedMs }) => (elapsedMs % BURST_EVERY_MS < BURST_EVERY_MS - BURST_MS ? 1 : BURST_FACTOR),
  },
  day: {
    description: "a daily cycle: the full rate at 16:00 UTC, a tenth of it at 04:00",
    factorAt: ({ timestampMs }) => {
      const height = (1 + Math.cos((2 * Math.PI * (timestampMs - BUSIEST_MS)) / DAY_MS)) / 2;
      return LOWEST + (1 - LOWEST) * height;
    },
  },
} as const satisfies Record<string, Shape>;
export type ShapeName = keyof typeof shapes;
export const shapeNames = Object.keys(shapes) as ShapeName[];

export interface ArrivalOptions {
  shape: ShapeName;
  ratePerS: number;
  startMs: number;
  /** No events after this; may be infinite, so that a ramp never ends. */
  durationMs: number;
}

/** Rounding makes a moment early by less than this: nine steps of 1,000 / 9 ms add up to 999.999 999 999 999 9 ms. */
const ROUNDING_MS = 1e-6;

/** The time of each event, in whole milliseconds since 1970, non-decreasing. */
export function* arrivals({ shape, ratePerS, startMs, durationMs }: ArrivalOptions): Generator<number> {
  const { factorAt }: Shape = shapes[shape];
  let elapsedMs = 0;
  // The rounding error of an addition is added to the next one (Kahan summation): an hour drifts by less than that.
  let roundedMs = 0;
  while (elapsedMs + ROUNDING_MS < durationMs) {
    // Rounded down before the addition: near today's time doubles are 0.000 2 ms apart, so the sum could round up.
    yield Math.floor(startMs) + Math.floor(elapsedMs + ROUNDING_MS);
    const factor = factorAt({ timestampMs: startMs + elapsedMs, elapsedMs, durationMs });
    const stepMs = 1_000 / (ratePerS * factor) - roundedMs;
    const nextMs = elapsedMs + stepMs;
    roundedMs = nextMs - elapsedMs - stepMs;
    elapsedMs = nextMs;
  }
}
