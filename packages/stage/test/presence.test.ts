import { firstConnection, openRedis, type Redis } from "@millrace/connections";
import { Health, Latency } from "@millrace/shared";
import { CLOSED_PORT, eventually, type TestPatience, testPatience, uniqueName } from "@millrace/testbed";
import { expect, test } from "vitest";
import { type Activity, announcePresence, readPresence } from "../src/presence.ts";
import { config, redis } from "./support.ts";

await firstConnection(redis, config);

function announce(prefix: string, instance: string, activity: () => Activity, client: Redis = redis) {
  const health = new Health();
  const announced: TestPatience = testPatience();
  const settings = { ...config, REDIS_KEY_PREFIX: prefix, HEARTBEAT_INTERVAL_MS: 100 };
  const context = { instance, log: announced.log, health, config: settings };
  const presence = announcePresence(client, "embed", context, activity);
  return {
    health,
    patience: announced,
    [Symbol.asyncDispose]: () => presence[Symbol.asyncDispose](),
  };
}

function activity(messages: number): Activity {
  const latency = new Latency();
  latency.record(12);
  const lastActivityAt = new Date("2026-01-02T03:04:05.000Z");
  return {
    messages,
    deadLettered: 2,
    inFlight: 3,
    lastActivityAt,
    latencies: { "embed.batch": latency.summary },
    slow: [],
  };
}

test("each process of a stage is present with its current state, until it leaves", async () => {
  const prefix = uniqueName("presence");
  const read = () => readPresence(redis, prefix, "embed", 1_000);
  let messages = 10;
  await using first = announce(prefix, "host-1", () => activity(messages));
  {
    await using _second = announce(prefix, "host-2", () => activity(1));
    await eventually(async () => (await read()).map(({ instance }) => instance).toSorted()).toEqual([
      "host-1",
      "host-2",
    ]);
  }
  expect((await read()).map(({ instance }) => instance)).toEqual(["host-1"]);

  messages = 11;
  first.health.started();
  first.health.waiting("kafka", "away");
  await eventually(async () => (await read())[0]?.messages).toBe(11);
  const [presence] = await read();
  expect(presence).toMatchObject({
    ready: false,
    deadLettered: 2,
    inFlight: 3,
    lastActivityAt: "2026-01-02T03:04:05.000Z",
    dependencies: { kafka: { state: "waiting", cause: "away" } },
    latencies: { "embed.batch": { count: 1 } },
  });
  expect(await readPresence(redis, prefix, "sink", 1_000)).toEqual([]);
});

test("a process that fell silent, and an entry that nobody understands, are forgotten", async () => {
  const prefix = uniqueName("presence");
  const key = `${prefix}:presence:embed`;
  {
    await using _process = announce(prefix, "host-1", () => activity(1));
    await eventually(() => redis.hlen(key)).toBe(1);
    const json = (await redis.hget(key, "host-1")) ?? "";
    const old = { ...JSON.parse(json), instance: "silent", reportedAt: new Date(Date.now() - 5_100).toISOString() };
    await redis.hset(key, "silent", JSON.stringify(old), "foreign", "{}", "broken", "{");
    const present = await readPresence(redis, prefix, "embed", 1_000);
    expect(present.map(({ instance }) => instance)).toEqual(["host-1"]);
    expect(await redis.hkeys(key)).toEqual(["host-1"]);
  }
  expect(await redis.exists(key)).toBe(0);
});

test("the heartbeat line says how much was done and what the process waits for", async () => {
  await using process = announce(uniqueName("presence"), "host-1", () => activity(7));
  process.health.waiting("opensearch", "away");
  process.health.working("kafka");
  await eventually(() => process.patience.lines().at(-1)).toMatchObject({
    action: "process.heartbeat",
    status: "ok",
    details: { messages: 7, deadLettered: 2, inFlight: 3, ready: false, waitingFor: ["opensearch"] },
  });
});

test("without Redis a process goes on announcing and leaves in peace, and reading rejects", async () => {
  const away = testPatience();
  const unreachable = openRedis({ ...config, REDIS_PORT: CLOSED_PORT }, away);
  try {
    {
      await using process = announce(uniqueName("presence"), "host-1", () => activity(1), unreachable);
      await eventually(() => process.patience.lines().length).toBeGreaterThan(1);
    }
    await expect(readPresence(unreachable, "none", "embed", 1_000)).rejects.toThrow();
  } finally {
    unreachable.disconnect();
  }
});
