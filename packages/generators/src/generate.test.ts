import { type Event, eventSchema } from "@millrace/events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrivals, shapeNames } from "./arrivals.ts";
import { type Generated, type GenerateOptions, generate, type ScenarioName, scenarios } from "./generate.ts";
import { createRandom } from "./random.ts";
import { zipf } from "./zipf.ts";

const names = Object.keys(scenarios) as ScenarioName[];
const START_MS = Date.UTC(2026, 0, 1);

const options = fc.record<GenerateOptions>({
  scenario: fc.constantFrom(...names),
  seed: fc.integer(),
  shape: fc.constantFrom(...shapeNames),
  ratePerS: fc.integer({ min: 1, max: 5_000 }),
  startMs: fc.integer({ min: START_MS, max: START_MS + 86_400_000 }),
  durationMs: fc.integer({ min: 1_000, max: 3_600_000 }),
  users: fc.integer({ min: 1, max: 2_000 }),
  devices: fc.integer({ min: 1, max: 2_000 }),
  late: fc.double({ min: 0, max: 0.3, noNaN: true }),
  duplicate: fc.double({ min: 0, max: 0.3, noNaN: true }),
  invalid: fc.double({ min: 0, max: 0.3, noNaN: true }),
});

function take(given: GenerateOptions, count: number): Generated[] {
  const taken: Generated[] = [];
  for (const generated of generate(given)) {
    if (taken.push(generated) === count) break;
  }
  return taken;
}

const steady: Omit<GenerateOptions, "scenario"> = {
  seed: 1,
  shape: "constant",
  ratePerS: 1_000,
  startMs: START_MS,
  durationMs: Number.POSITIVE_INFINITY,
  users: 500,
  devices: 200,
  late: 0,
  duplicate: 0,
  invalid: 0,
};

function events(given: Partial<GenerateOptions> & { scenario: ScenarioName }, count: number): Event[] {
  return take({ ...steady, ...given }, count).flatMap((generated) =>
    generated.kind === "invalid" ? [] : [generated.event],
  );
}

test("the same seed makes the same events, and another one others", () => {
  fc.assert(
    fc.property(options, (given) => {
      expect(take(given, 200)).toEqual(take(given, 200));
      expect(take({ ...given, seed: given.seed + 1 }, 200)).not.toEqual(take(given, 200));
    }),
    { numRuns: 100 },
  );
});

test("exactly the invalid events violate the schema", () => {
  fc.assert(
    fc.property(options, (given) => {
      for (const { kind, event } of take(given, 200))
        expect(eventSchema.safeParse(event).success).toBe(kind !== "invalid");
    }),
    { numRuns: 100 },
  );
});

test("IDs are unique except in duplicates, which repeat the previous event", () => {
  fc.assert(
    fc.property(options, (given) => {
      const seen = new Set<string>();
      let previous: unknown;
      for (const { kind, event } of take(given, 300)) {
        if (kind === "duplicate") expect(event).toEqual(previous);
        else {
          expect(seen.has(event.event_id)).toBe(false);
          seen.add(event.event_id);
          if (kind !== "invalid") previous = event;
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("timely events are ordered by time within the duration, and late ones are older than those before", () => {
  fc.assert(
    fc.property(options, (given) => {
      let latestMs = given.startMs;
      for (const generated of take(given, 300)) {
        if (generated.kind === "invalid" || generated.kind === "duplicate") continue;
        const { timestamp_ms: timestampMs } = generated.event;
        if (generated.kind === "late") expect(timestampMs).toBeLessThanOrEqual(generated.atMs - 15_000);
        else {
          expect(timestampMs).toBeGreaterThanOrEqual(latestMs);
          expect(timestampMs).toBeLessThan(given.startMs + given.durationMs);
          latestMs = timestampMs;
        }
      }
    }),
    {
      numRuns: 100,
      // A tenth event was at the very end: nine times a ninth of a second rounded to less than a second.
      examples: [[{ ...steady, scenario: "iot", seed: 0, ratePerS: 9, durationMs: 1_000, users: 1, devices: 1 }]],
    },
  );
});

test("the shares of late, duplicate and invalid events are as configured, within five standard deviations", () => {
  fc.assert(
    fc.property(options, (given) => {
      const count = 4_000;
      const generated = take({ ...given, durationMs: Number.POSITIVE_INFINITY, shape: "constant" }, count);
      for (const kind of ["late", "duplicate", "invalid"] as const) {
        const found = generated.filter((each) => each.kind === kind).length;
        const deviation = Math.sqrt(count * given[kind] * (1 - given[kind]));
        expect(Math.abs(found - count * given[kind]), kind).toBeLessThanOrEqual(5 * deviation + 1);
      }
    }),
    // The seeds are fixed: nothing is left to chance.
    { numRuns: 40, seed: 1 },
  );
});

test("Zipf: the users' shares are proportional to 1 ⁄ rank", () => {
  const count = 200_000;
  const next = zipf(createRandom(5), 1_000);
  const found = new Map<number, number>();
  for (let index = 0; index < count; index++) {
    const rank = next();
    found.set(rank, (found.get(rank) ?? 0) + 1);
  }
  const harmonic = Array.from({ length: 1_000 }, (_, rank) => 1 / (rank + 1)).reduce((sum, part) => sum + part);
  for (const rank of [0, 1, 2, 9, 49]) {
    const expected = count / (rank + 1) / harmonic;
    expect(Math.abs((found.get(rank) ?? 0) - expected), `rank ${rank}`).toBeLessThan(5 * Math.sqrt(expected));
  }
  expect([...found.keys()].every((rank) => rank >= 0 && rank < 1_000)).toBe(true);
});

describe("rate shapes", () => {
  const perMinute = (shape: (typeof shapeNames)[number], minutes: number) => {
    const counts = Array<number>(minutes).fill(0);
    const durationMs = minutes * 60_000;
    for (const timestampMs of arrivals({ shape, ratePerS: 10, startMs: START_MS, durationMs })) {
      const minute = Math.floor((timestampMs - START_MS) / 60_000);
      counts[minute] = (counts[minute] ?? 0) + 1;
    }
    return counts;
  };

  test("constant", () => expect(perMinute("constant", 3)).toEqual([600, 600, 600]));

  test("constant: a whole second has exactly the configured number of events", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 10 }), (ratePerS, seconds) => {
        const times = [...arrivals({ shape: "constant", ratePerS, startMs: START_MS, durationMs: seconds * 1_000 })];
        expect(times.length).toBe(ratePerS * seconds);
        for (const second of Array(seconds).keys()) {
          const fromMs = START_MS + second * 1_000;
          expect(times.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1_000).length).toBe(ratePerS);
        }
      }),
    );
  });

  test("constant: rounding does not accumulate over an hour", () => {
    let count = 0;
    for (const _ of arrivals({ shape: "constant", ratePerS: 997, startMs: START_MS, durationMs: 3_600_000 })) count++;
    expect(count).toBe(997 * 3_600);
  });

  test("ramp: more in each minute, up to the rate", () => {
    const counts = perMinute("ramp", 10);
    expect(counts).toEqual(counts.toSorted((left, right) => left - right));
    expect(counts.at(0)).toBeLessThan(100);
    expect(counts.at(-1)).toBeGreaterThan(560);
  });

  test("burst: 55 s of the rate and 5 s of ten times it", () => {
    for (const count of perMinute("burst", 3)) expect(Math.abs(count - 1_050)).toBeLessThan(5);
  });

  test("day: least at 4 o'clock, most at 16", () => {
    const counts = perMinute("day", 24 * 60);
    expect(counts[4 * 60]).toBeLessThan(65);
    expect(counts[16 * 60]).toBeGreaterThan(595);
  });
});

describe("iot", () => {
  const readings = events({ scenario: "iot", devices: 20 }, 60_000);

  test("readings wander: each is near the previous one, and all are around the mean", () => {
    const last = new Map<string, number>();
    for (const { device_id = "", value = 0, properties } of readings) {
      if (properties.quantity !== "temperature") continue;
      expect(Math.abs(value - (last.get(device_id) ?? 21))).toBeLessThan(1.2);
      expect(Math.abs(value - 21)).toBeLessThan(8);
      last.set(device_id, value);
    }
    expect(last.size).toBeGreaterThan(0);
  });

  test("a device occasionally pauses, far longer than by chance", () => {
    const last = new Map<string, number>();
    const silences: number[] = [];
    for (const { device_id = "", timestamp_ms } of readings) {
      silences.push(timestamp_ms - (last.get(device_id) ?? START_MS));
      last.set(device_id, timestamp_ms);
    }
    // Each of 20 devices reads 50 times a second.
    expect(silences.filter((silence) => silence > 5_000).length).toBeGreaterThan(5);
    expect(last.size).toBe(20);
  });
});

test("clickstream: each session has one user, starts at an entry page, counts its clicks, and ends with a purchase or earlier", () => {
  const sessions = Map.groupBy(events({ scenario: "clickstream" }, 20_000), ({ properties }) => properties.session);
  expect(sessions.size).toBeGreaterThan(1_000);
  for (const clicks of sessions.values()) {
    expect(new Set(clicks.map(({ user_id }) => user_id)).size).toBe(1);
    expect(["home", "search", "product"]).toContain(clicks[0]?.properties.page);
    expect(clicks.map(({ properties }) => properties.click)).toEqual(clicks.map((_, index) => index + 1));
    const purchase = clicks.findIndex(({ event_type }) => event_type === "shop.purchase");
    if (purchase >= 0) expect(purchase).toBe(clicks.length - 1);
  }
});

test("transactions: amounts have two decimals and a long tail, and fraud is rare, large and far away", () => {
  const payments = events({ scenario: "transactions" }, 100_000);
  const frauds = payments.filter(({ properties }) => properties.fraud);
  expect(frauds.length).toBeGreaterThan(120);
  expect(frauds.length).toBeLessThan(290);
  const median = (of: Event[]) =>
    of.map(({ value = 0 }) => value).toSorted((left, right) => left - right)[of.length >> 1] ?? 0;
  const honest = payments.filter(({ properties }) => !properties.fraud);
  expect(median(honest)).toBeGreaterThan(25);
  expect(median(honest)).toBeLessThan(60);
  expect(median(frauds)).toBeGreaterThan(8 * median(honest));
  const cities = (of: Event[]) => new Set(of.map(({ properties }) => properties.city));
  for (const city of cities(frauds)) expect(cities(honest)).not.toContain(city);
  expect(payments.every(({ value = 0 }) => Math.round(value * 100) / 100 === value)).toBe(true);
});
