import { createKafka, KafkaAdmin } from "@millrace/kafka";
import fc from "fast-check";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newTopic, openEventsApp, published } from "./events-support.ts";
import { Follower, type FollowOptions, type StreamedEvent, serve } from "./streams-support.ts";
import { until } from "./support.ts";

const api = openEventsApp({ STREAM_GATHER_MS: "5" });
const server = await serve(api);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

let topic = "";
beforeAll(async () => {
  topic = newTopic(api);
  await published(api, topic, { event_type: "first" });
});

const follow = (of: string, options?: FollowOptions) => new Follower(server.url, of, options);

async function opened(of: string, options?: FollowOptions): Promise<Follower> {
  const follower = follow(of, options);
  await until(async () => follower.isOpen);
  return follower;
}

/** Publishes events of a few users; returns the ids of their records. */
async function write(of: string, count: number, type = "test"): Promise<string[]> {
  const events = Array.from({ length: count }, (_, index) => ({ event_type: type, user_id: `user-${index % 7}` }));
  const answer = await published(api, of, events);
  return answer.events.map((event) => String(event?.id));
}

function expectInOrder(events: readonly StreamedEvent[]): void {
  const last = new Map<number, number>();
  for (const { partition, offset } of events) {
    expect(offset).toBeGreaterThan(last.get(partition) ?? -1);
    last.set(partition, offset);
  }
}

test("property 13, WebSocket consistency: a client receives each event once and in order, however often it reconnects", async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("write" as const), count: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ kind: fc.constant("reconnect" as const), waits: fc.boolean() }),
    ),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const written: string[] = [];
      const received: StreamedEvent[] = [];
      let follower = await opened(topic);
      for (const step of plan) {
        if (step.kind === "write") written.push(...(await write(topic, step.count)));
        else {
          if (step.waits) await until(async () => received.length + follower.events.length >= written.length);
          await follower[Symbol.asyncDispose]();
          received.push(...follower.events);
          follower = await opened(topic, { query: `from=${follower.from}` });
        }
      }
      await until(async () => received.length + follower.events.length >= written.length);
      await write(topic, 1, "end");
      await until(async () => follower.events.some(({ event }) => event?.event_type === "end"));
      await follower[Symbol.asyncDispose]();
      received.push(...follower.events.filter(({ event }) => event?.event_type !== "end"));
      expectInOrder(received);
      expect(received.map(({ id }) => id).toSorted()).toEqual(written.toSorted());
    }),
    { numRuns: 15, endOnFailure: true },
  );
}, 120_000);

test("starts at the beginning, at a time and at offsets", async () => {
  const own = newTopic(api);
  const before = await write(own, 50);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const between = new Date().toISOString();
  const after = await write(own, 50);
  await using earliest = await opened(own, { query: "from=earliest" });
  await using since = await opened(own, { query: `from=${encodeURIComponent(between)}` });
  await until(async () => earliest.events.length >= 100 && since.events.length >= 50);
  expect(earliest.ids.toSorted()).toEqual([...before, ...after].toSorted());
  expect(since.ids.toSorted()).toEqual(after.toSorted());
  expectInOrder(earliest.events);
  await using now = await opened(own);
  const later = await write(own, 10);
  await until(async () => [earliest, since, now].every(({ ids }) => later.every((id) => ids.includes(id))));
  expect(now.ids.toSorted()).toEqual(later.toSorted());
});

test("filters by key or type", async () => {
  const own = newTopic(api);
  await write(own, 1);
  await using byKey = await opened(own, { query: "key=user-3" });
  await using byType = await opened(own, { query: "type=rare" });
  await write(own, 70);
  await write(own, 2, "rare");
  await write(own, 7, "end");
  await until(async () => byKey.events.length >= 11 && byType.events.length >= 2);
  expect(new Set(byKey.events.map(({ key }) => key))).toEqual(new Set(["user-3"]));
  expect(byType.events.map(({ event }) => event?.event_type)).toEqual(["rare", "rare"]);
});

test("offsets out of range: deleted events are counted, and an offset beyond the end restarts from the beginning", async () => {
  const own = newTopic(api);
  const ids = await write(own, 30);
  await using beyond = await opened(own, { query: "from=0:1000,1:1000,2:1000,77:3" });
  await until(async () => beyond.events.length >= 30);
  expect(beyond.ids.toSorted()).toEqual(ids.toSorted());
  await using admin = new KafkaAdmin(createKafka(api.config, "test", api.edges.log));
  const ranges = (await api.edges.topicReader.ranges(own)) ?? [];
  const partitions = ranges.flatMap(({ partition, to }) => (to > 0 ? [{ partition, offset: String(to) }] : []));
  await admin.use(async (client) => {
    await client.fetchTopicMetadata({ topics: [own] });
    await client.deleteTopicRecords({ topic: own, partitions });
  });
  await using gone = await opened(own, { query: "from=0:0,1:0,2:0" });
  await until(async () => gone.missed > 0);
  expect(gone.missed).toBe(30);
  expect(gone.events).toEqual([]);
});

test("disconnects a client that doesn't respond to pings, and keeps one that does", async () => {
  // Long enough for a busy machine: server and clients share one thread.
  const STREAM_PING_INTERVAL_MS = "3000";
  const { EVENTS_TOPIC_PATTERN } = api.config;
  await using pinging = openEventsApp({ EVENTS_TOPIC_PATTERN, STREAM_PING_INTERVAL_MS });
  await using pingingServer = await serve(pinging);
  await using kept = new Follower(pingingServer.url, topic);
  const stalled = new Follower(pingingServer.url, topic);
  await until(async () => kept.isOpen && stalled.isOpen);
  stalled.socket.pause();
  await until(async () => pinging.edges.streams.joined === 1);
  expect(kept.closeCode).toBeUndefined();
  stalled.socket.terminate();
});

test("a slow client receives the number of missed events, then later events, without affecting other clients", async () => {
  await using narrow = openEventsApp({ STREAM_CLIENT_BUFFER_BYTES: "65536", STREAM_GATHER_MS: "5" });
  await using narrowServer = await serve(narrow);
  const own = newTopic(narrow);
  const text = "x".repeat(50_000);
  const send = (count: number, type: string) =>
    published(
      narrow,
      own,
      Array.from({ length: count }, () => ({ event_type: type, text })),
    );
  await send(1, "first");
  await using fast = new Follower(narrowServer.url, own);
  await using slow = new Follower(narrowServer.url, own);
  await until(async () => fast.isOpen && slow.isOpen);
  slow.socket.pause();
  let sent = 0;
  // More than the operating system buffers for a socket.
  while (sent < 400) {
    await send(10, "flood");
    sent += 10;
    await until(async () => fast.events.length >= sent);
  }
  slow.socket.resume();
  await until(async () => {
    await send(1, "later");
    sent++;
    return slow.missed > 0 && slow.events.at(-1)?.event?.event_type === "later";
  });
  await until(async () => fast.events.length >= sent);
  expect(fast.missed).toBe(0);
  await until(async () => slow.events.length + slow.missed === sent);
  expectInOrder(slow.events);
  const metrics = await (await narrow.app.request("/metrics")).text();
  expect(metrics).toContain('millrace_stream_clients{service="api"} 2');
  expect(metrics).toContain(`millrace_stream_missed_events_total{service="api"} ${slow.missed}`);
}, 120_000);

test("server-sent events: each event has its id, and a reconnect with Last-Event-ID neither skips nor repeats one", async () => {
  const own = newTopic(api);
  const first = await write(own, 40);
  const received: string[] = [];
  let lastEventId = "";
  const read = async (query: string, count: number) => {
    const stop = new AbortController();
    const headers = lastEventId ? { "last-event-id": lastEventId } : {};
    const response = await fetch(`http://${server.url}/api/v1/stream/${own}${query}`, { headers, signal: stop.signal });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        lastEventId = /^id: (.*)$/m.exec(block)?.[1] ?? lastEventId;
        const data = /^event:/m.test(block) ? undefined : /^data: (.*)$/m.exec(block)?.[1];
        if (data) received.push(JSON.parse(data).id);
        if (received.length === count) break;
      }
      if (received.length >= count) break;
    }
    stop.abort();
  };
  await read("?from=earliest", 17);
  const second = await write(own, 20);
  await read("", 60);
  expect(received.toSorted()).toEqual([...first, ...second].toSorted());
});

test.each([
  ["from=yesterday", 400],
  ["from=1:2:3", 400],
  ["surplus=1", 400],
])("refuses %s before following a topic", async (query, status) => {
  expect((await fetch(`http://${server.url}/api/v1/stream/${topic}?${query}`)).status).toBe(status);
});

test("a missing topic is a 404, and too many clients are a 503", async () => {
  expect((await fetch(`http://${server.url}/api/v1/stream/${newTopic(api)}`)).status).toBe(404);
  await using narrow = openEventsApp({
    STREAM_CLIENTS_MAX: "1",
    EVENTS_TOPIC_PATTERN: api.config.EVENTS_TOPIC_PATTERN,
  });
  await using narrowServer = await serve(narrow);
  await using one = new Follower(narrowServer.url, topic);
  await until(async () => one.isOpen);
  expect((await fetch(`http://${narrowServer.url}/api/v1/stream/${topic}`)).status).toBe(503);
});

test("a page of another origin may not open a WebSocket, and one of the api's own may", async () => {
  const foreign = follow(topic, { headers: { origin: "https://other.example" } });
  await until(async () => foreign.closeCode !== undefined);
  expect(foreign.isOpen).toBe(false);
  await using own = await opened(topic, { headers: { origin: `http://${server.url}` } });
  expect(own.isOpen).toBe(true);
});

const SECRET = "a secret of at least thirty-two bytes";

function token(scope: string, lifeS = 60): Promise<string> {
  const expiresAt = Math.floor(Date.now() / 1_000) + lifeS;
  return new SignJWT({ scope, sub: "ann", iss: "issuer", aud: "millrace", exp: expiresAt })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(SECRET));
}

test("a WebSocket's token comes in a header, a subprotocol or the first message, is never logged, and ends the stream when it expires", async () => {
  await using guarded = openEventsApp({
    EVENTS_TOPIC_PATTERN: api.config.EVENTS_TOPIC_PATTERN,
    AUTH_HS256_SECRET: SECRET,
    AUTH_ISSUER: "issuer",
    AUTH_AUDIENCE: "millrace",
    AUTH_CLOCK_TOLERANCE_S: "0",
    STREAM_TOKEN_TIMEOUT_MS: "10000",
  });
  await using guardedServer = await serve(guarded);
  const good = await token("events:read");
  const connect = (options: FollowOptions, message?: string) => {
    const follower = new Follower(guardedServer.url, topic, options);
    if (message !== undefined) follower.socket.on("open", () => follower.socket.send(message));
    return follower;
  };
  await using byHeader = connect({ headers: { authorization: `Bearer ${good}` } });
  await using byProtocol = connect({ protocols: ["millrace", `bearer.${good}`] });
  await using byMessage = connect({}, JSON.stringify({ token: good }));
  await until(async () => [byHeader, byProtocol, byMessage].every(({ isOpen }) => isOpen));
  expect(byProtocol.socket.protocol).toBe("millrace");

  const short = connect({ headers: { authorization: `Bearer ${await token("events:read", 10)}` } });
  const refused: [Follower, number][] = [
    [connect({}), 4401],
    [connect({}, "not JSON"), 4401],
    [connect({}, JSON.stringify({ token: await token("events:read", -1) })), 4401],
    [connect({}, JSON.stringify({ token: await token("events:write") })), 4403],
    // Refused before the upgrade.
    [connect({ protocols: ["millrace", `bearer.${await token("events:write")}`] }), 1006],
    [connect({ query: `access_token=${good}` }), 1006],
  ];
  for (const [follower, code] of refused) {
    await until(async () => follower.closeCode !== undefined);
    expect([follower.closeCode, follower.isOpen]).toEqual([code, false]);
  }
  await until(async () => short.closeCode !== undefined);
  expect([short.closeCode, short.isOpen]).toEqual([4401, true]);
  const events = `http://${guardedServer.url}/api/v1/stream/${topic}`;
  expect((await fetch(events)).status).toBe(401);
  expect(JSON.stringify(guarded.lines())).not.toContain(good);
}, 60_000);

test("the server closes its clients' connections when it stops", async () => {
  await using stopping = openEventsApp({ EVENTS_TOPIC_PATTERN: api.config.EVENTS_TOPIC_PATTERN });
  const stoppingServer = await serve(stopping);
  const follower = new Follower(stoppingServer.url, topic);
  await until(async () => follower.isOpen);
  await stoppingServer[Symbol.asyncDispose]();
  await until(async () => follower.closeCode !== undefined);
  expect(follower.closeCode).toBe(1001);
});
