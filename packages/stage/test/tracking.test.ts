import { firstConnection, openRedis } from "@millrace/connections";
import { CLOSED_PORT, eventually, testPatience, uniqueName } from "@millrace/testbed";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createTracker, milestones } from "../src/tracking.ts";
import { config, redis } from "./support.ts";

function nameOf({ partition, offset }: { partition: number; offset: number }): string {
  return `${partition}-${offset}`;
}

const patience = testPatience();
await firstConnection(redis, config);
const tracker = createTracker(redis, config, patience.log);

test("tells the time of each milestone that a message reached, and of no other", async () => {
  const topic = uniqueName("topic");
  const message = { topic, partition: 3, offset: 1_000 };
  const before = Date.now();
  tracker.reached("published", [message]);
  await tracker.flush();
  tracker.reached("ingested", [message, { ...message, offset: 1_001 }]);
  await tracker.flush();

  const progress = await tracker.progress(message);
  expect(Object.keys(progress ?? {})).toEqual(["published", "ingested"]);
  for (const atMs of Object.values(progress ?? {})) {
    expect(atMs).toBeGreaterThanOrEqual(before);
    expect(atMs).toBeLessThanOrEqual(Date.now());
  }
  expect(Object.keys((await tracker.progress({ ...message, offset: 1_001 })) ?? {})).toEqual(["ingested"]);
});

test("knows nothing of a message that nobody noted, though its neighbours were", async () => {
  const topic = uniqueName("topic");
  tracker.reached("stored", [{ topic, partition: 0, offset: 5 }]);
  await tracker.flush();
  expect(await tracker.progress({ topic, partition: 0, offset: 6 })).toBeUndefined();
  expect(await tracker.progress({ topic, partition: 1, offset: 5 })).toBeUndefined();
  expect(await tracker.progress({ topic, partition: 0, offset: 5 + 256 })).toBeUndefined();
});

test("whatever is noted in whatever order, each message has the milestones that it reached, and no other", async () => {
  const offset = fc.oneof(fc.integer({ min: 250, max: 262 }), fc.integer({ min: 0, max: 600 }));
  const message = fc.record({ partition: fc.integer({ min: 0, max: 1 }), offset });
  const neighbours = fc
    .tuple(message, fc.integer({ min: 1, max: 300 }))
    .map(([first, count]) => Array.from({ length: count }, (_, next) => ({ ...first, offset: first.offset + next })));
  const reached = fc.tuple(fc.constantFrom(...milestones), fc.oneof(neighbours, fc.array(message, { maxLength: 8 })));
  await fc.assert(
    fc.asyncProperty(
      fc.array(reached, { maxLength: 6 }),
      fc.array(message, { maxLength: 20 }),
      async (notes, others) => {
        const topic = uniqueName("topic");
        const known = new Map<string, Set<string>>();
        for (const [milestone, messages] of notes) {
          tracker.reached(
            milestone,
            messages.map((each) => ({ topic, ...each })),
          );
          for (const each of messages) known.set(nameOf(each), (known.get(nameOf(each)) ?? new Set()).add(milestone));
        }
        await tracker.flush();
        for (const each of [...notes.flatMap(([, messages]) => messages.slice(0, 5)), ...others]) {
          const progress = await tracker.progress({ topic, ...each });
          expect(new Set(Object.keys(progress ?? {}))).toEqual(known.get(nameOf(each)) ?? new Set());
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("256 neighbouring messages share a key, and every key expires", async () => {
  const topic = uniqueName("topic");
  const messages = Array.from({ length: 600 }, (_, offset) => ({ topic, partition: 2, offset }));
  tracker.reached("embedded", messages);
  await tracker.flush();
  const keys = (await redis.keys(`${config.REDIS_KEY_PREFIX}:*${topic}*`)).toSorted();
  expect(keys).toEqual([0, 1, 2].map((block) => `${config.REDIS_KEY_PREFIX}:progress:${topic}:2:${block}`));
  expect(await Promise.all(keys.map((key) => redis.hgetall(key)))).toEqual([
    { "embedded:0-255": expect.any(String) },
    { "embedded:256-511": expect.any(String) },
    { "embedded:512-599": expect.any(String) },
  ]);
  for (const key of keys) {
    expect(await redis.ttl(key)).toBeGreaterThan(config.TRACKING_TTL_S - 60);
    expect(await redis.ttl(key)).toBeLessThanOrEqual(config.TRACKING_TTL_S);
  }
});

test("without Redis noting neither throws nor waits, asking rejects, and the log has one line for the outage", async () => {
  const settings = { ...config, REDIS_PORT: CLOSED_PORT };
  const away = testPatience();
  const unreachable = openRedis(settings, away);
  try {
    const lost = createTracker(unreachable, settings, away.log);
    const message = { topic: "topic", partition: 0, offset: 0 };
    for (let count = 0; count < 1_000; count++) lost.reached("published", [message]);
    await lost.flush();
    lost.reached("stored", [message]);
    await lost.flush();
    await expect(lost.progress(message)).rejects.toThrow();
    expect(away.lines().filter(({ action }) => action === "tracking.write")).toHaveLength(1);
    await eventually(() => away.health.dependencies.redis?.state).toBe("waiting");
  } finally {
    unreachable.disconnect();
  }
});
