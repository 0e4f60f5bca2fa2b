import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { ApiProcess } from "./api-process.ts";
import { isolated, postJson, until } from "./support.ts";

export interface StreamLoad {
  clients: number;
  /** Additional clients that stop reading. */
  stalled: number;
  eventsPerSecond: number;
  seconds: number;
  /** How often all clients are disconnected at once and reconnect with their last offsets. */
  storms: number;
}

export interface StreamLoadResult {
  published: number;
  /** Clients that received each event once, in order. */
  complete: number;
  /** Events that any client received out of order or twice, or missed. */
  faults: number;
  /** Memory of the api process: before the first client, and the maximum with clients. */
  residentBytesBefore: number;
  residentBytesMax: number;
}

const TICK_MS = 100;

interface Frame {
  type: "open" | "events" | "missed";
  offsets?: string;
  count?: number;
  events?: { partition: number; offset: number }[];
}

/** Parses each frame once for all clients, or the clients would need more CPU than the server. */
const parsed = new Map<string, Frame>();
const PARSED_MAX = 256;

function parseOnce(data: Buffer): Frame {
  const text = data.toString("latin1");
  const known = parsed.get(text);
  if (known) return known;
  const frame = JSON.parse(text) as Frame;
  parsed.set(text, frame);
  const [oldest] = parsed.keys();
  if (parsed.size > PARSED_MAX && oldest !== undefined) parsed.delete(oldest);
  return frame;
}

/** Counts received events and errors. */
class CountingClient {
  received = 0;
  faults = 0;
  isOpen = false;
  socket: WebSocket;
  readonly #url: string;
  readonly #offsets = new Map<number, number>();

  constructor(url: string) {
    this.#url = url;
    this.socket = this.#connect("now");
  }

  reconnect(): void {
    const before = this.socket;
    before.removeAllListeners("message");
    this.socket = this.#connect(
      [...this.#offsets].map(([partition, offset]) => `${partition}:${offset}`).join(",") || "now",
    );
    before.terminate();
  }

  /** Neither reads nor reconnects. */
  stall(): void {
    this.socket.removeAllListeners("close").pause();
  }

  end(): void {
    this.socket.removeAllListeners("close").terminate();
  }

  #connect(from: string): WebSocket {
    this.isOpen = false;
    const socket = new WebSocket(`${this.#url}?from=${from}`);
    socket.on("message", (data) => this.#take(parseOnce(data as Buffer)));
    socket.on("error", () => undefined);
    // Reconnects after any close: a busy machine may miss a ping.
    socket.on("close", () => {
      if (socket === this.socket) setTimeout(() => this.reconnect(), TICK_MS);
    });
    return socket;
  }

  #take({ type, offsets = "", count = 0, events = [] }: Frame): void {
    if (type === "open") {
      this.isOpen = true;
      for (const pair of offsets.split(",")) {
        const [partition = 0, offset = 0] = pair.split(":").map(Number);
        // Continues from its last offsets.
        if ((this.#offsets.get(partition) ?? offset) !== offset) this.faults++;
        this.#offsets.set(partition, offset);
      }
    }
    this.faults += count;
    for (const { partition, offset } of events) {
      if (this.#offsets.get(partition) !== offset) this.faults++;
      this.#offsets.set(partition, offset + 1);
      this.received++;
    }
  }
}

/** Publishes events at a fixed rate through an api process to clients that count them. */
export async function streamLoad(
  load: StreamLoad,
  environment: Record<string, string> = {},
): Promise<StreamLoadResult> {
  await using api = new ApiProcess({
    ...isolated(),
    KAFKA_TOPIC_PARTITIONS: "8",
    EVENTS_TOPICS_MAX: "10000",
    ...environment,
  });
  await until(async () => api.isListening);
  const topic = `load-${Date.now()}`;
  await until(async () => (await publish(api.url, topic, 1)) === 1);

  const residentBytesBefore = await residentBytes(api.url);
  const url = `${api.url.replace("http:", "ws:")}/api/v1/stream/${topic}`;
  const clients = Array.from({ length: load.clients }, () => new CountingClient(url));
  const stalled = Array.from({ length: load.stalled }, () => new CountingClient(url));
  await until(async () => [...clients, ...stalled].every(({ isOpen }) => isOpen));
  for (const client of stalled) client.stall();

  let published = 0;
  let residentBytesMax = 0;
  const ticks = Math.round((load.seconds * 1_000) / TICK_MS);
  const startedAt = performance.now();
  for (let tick = 1; tick <= ticks; tick++) {
    published += await publish(api.url, topic, Math.round((load.eventsPerSecond * TICK_MS) / 1_000));
    if (tick % Math.ceil(ticks / (load.storms + 1)) === 0 && tick < ticks)
      for (const client of clients) client.reconnect();
    if (tick % 10 === 0) residentBytesMax = Math.max(residentBytesMax, await residentBytes(api.url));
    await sleep(Math.max(0, startedAt + tick * TICK_MS - performance.now()));
  }
  await until(async () => clients.every(({ received }) => received >= published));
  const faults = clients.reduce((sum, client) => sum + client.faults, 0);
  const complete = clients.filter(({ received }) => received === published).length;
  for (const client of [...clients, ...stalled]) client.end();
  return { published, complete, faults, residentBytesBefore, residentBytesMax };
}

async function publish(url: string, topic: string, count: number): Promise<number> {
  const events = Array.from({ length: count }, (_, index) => ({
    event_type: "load",
    user_id: `user-${index}`,
    value: index,
    properties: { source: "stream-load" },
  }));
  const response = await fetch(`${url}/api/v1/events/${topic}`, postJson(events));
  const body = await response.text();
  return response.status === 202 ? count : Number(body.split('"partition"').length - 1);
}

async function residentBytes(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/api/v1/metrics`)).text();
  return Number(/^process_resident_memory_bytes\S* (\S+)$/m.exec(metrics)?.[1]);
}
