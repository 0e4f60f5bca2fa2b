import { setTimeout as sleep } from "node:timers/promises";
import { groupByNode, type Redis, type RedisSettings } from "@millrace/connections";
import type { RecordIdentity } from "@millrace/kafka";
import { describeCause, type Log } from "@millrace/shared";
import { OFFSETS_PER_KEY, runsOf } from "./offset-runs.ts";

/** What a message reaches on its way, in this order; the way ends at `stored` or `dead_lettered`. */
export const milestones = ["published", "ingested", "embedded", "stored", "dead_lettered"] as const;
export type Milestone = (typeof milestones)[number];

/** Milliseconds since 1970 of each milestone that a message reached. */
export type Progress = Partial<Record<Milestone, number>>;

/** Gathers notes for this long into one write: an api that publishes one message a request would otherwise write for each. */
const GATHER_MS = 10;
/** Messages whose notes wait to be written; beyond them notes are dropped, so that a slow Redis holds nothing up. */
const NOTED_MAX = 65_536;

/** Where each message is. Best effort: without Redis the pipeline goes on, untracked. */
export interface StageTracker {
  /** Notes that messages reached a milestone now; never fails and never waits. */
  reached(milestone: Milestone, messages: readonly RecordIdentity[]): void;
  /** `undefined` for a message that is not tracked, or no longer. Rejects without Redis. */
  progress(message: RecordIdentity): Promise<Progress | undefined>;
  /** Resolves when all notes are written or dropped. */
  flush(): Promise<void>;
}

export function createTracker(redis: Redis, settings: RedisSettings, log: Log): StageTracker {
  return new RedisTracker(redis, settings, log);
}

/** By key, the fields and values to write, in turn: a field for each run of neighbours, which batches consist of. */
type Notes = Map<string, string[]>;

class RedisTracker implements StageTracker {
  #redis: Redis;
  #keyPrefix: string;
  #timeToLiveS: number;
  #log: Log;
  #notes: Notes = new Map();
  #notedMessages = 0;
  #writing: Promise<void> | undefined;
  #dropped = 0;

  constructor(redis: Redis, settings: RedisSettings, log: Log) {
    this.#redis = redis;
    this.#keyPrefix = settings.REDIS_KEY_PREFIX;
    this.#timeToLiveS = settings.TRACKING_TTL_S;
    this.#log = log;
  }

  reached(milestone: Milestone, messages: readonly RecordIdentity[]): void {
    if (messages.length === 0) return;
    if (this.#notedMessages + messages.length > NOTED_MAX) {
      this.#drop(messages.length, "Redis is slow");
      return;
    }
    this.#note(milestone, messages);
    this.#writing ??= this.#writeNotes();
  }

  async progress(message: RecordIdentity): Promise<Progress | undefined> {
    const fields = Object.entries(await this.#redis.hgetall(this.#keyOf(message)));
    const times = fields.flatMap(([field, at]) => {
      const [, milestone = "", first, last] = RUN.exec(field) ?? [];
      const covers = Number(first) <= message.offset && message.offset <= Number(last);
      return covers ? [{ milestone, atMs: Number(at) }] : [];
    });
    // If a milestone was reached twice, the later time wins.
    const known = milestones.flatMap((milestone) => {
      const atMs = Math.max(0, ...times.filter((time) => time.milestone === milestone).map((time) => time.atMs));
      return atMs > 0 ? [[milestone, atMs] as const] : [];
    });
    return known.length === 0 ? undefined : Object.fromEntries(known);
  }

  async flush(): Promise<void> {
    await this.#writing;
  }

  #note(milestone: Milestone, messages: readonly RecordIdentity[]): void {
    const at = String(Date.now());
    for (const { first, last } of runsOf(messages)) {
      const key = this.#keyOf(first);
      const fields = this.#notes.get(key) ?? [];
      fields.push(`${milestone}:${first.offset}-${last}`, at);
      this.#notes.set(key, fields);
    }
    this.#notedMessages += messages.length;
  }

  async #writeNotes(): Promise<void> {
    while (this.#notes.size > 0) {
      await sleep(GATHER_MS);
      const [notes, messages] = [this.#notes, this.#notedMessages];
      this.#notes = new Map();
      this.#notedMessages = 0;
      await this.#write(notes).catch((error) => this.#drop(messages, describeCause(error)));
    }
    this.#writing = undefined;
  }

  async #write(notes: Notes): Promise<void> {
    const groups = groupByNode(this.#redis, [...notes], ([key]) => key);
    await Promise.all(groups.map((group) => this.#writeGroup(group)));
    if (this.#dropped > 0) this.#log.record("tracking.write", "ok", undefined, { droppedBefore: this.#dropped });
    this.#dropped = 0;
  }

  async #writeGroup(group: readonly (readonly [string, readonly string[]])[]): Promise<void> {
    const pipeline = this.#redis.pipeline();
    for (const [key, fields] of group) {
      pipeline.hset(key, ...fields);
      pipeline.expire(key, this.#timeToLiveS);
    }
    const results = (await pipeline.exec()) ?? [];
    const error = results.find(([failed]) => failed)?.[0];
    if (error) throw error;
  }

  #drop(count: number, cause: string): void {
    // One line when an outage of Redis begins and one when it ends: it must not flood the log.
    if (this.#dropped === 0) this.#log.record("tracking.write", "retry", undefined, { cause });
    this.#dropped += count;
  }

  #keyOf({ topic, partition, offset }: RecordIdentity): string {
    return `${this.#keyPrefix}:progress:${topic}:${partition}:${Math.floor(offset / OFFSETS_PER_KEY)}`;
  }
}

const RUN = /^([a-z_]+):(\d+)-(\d+)$/;
