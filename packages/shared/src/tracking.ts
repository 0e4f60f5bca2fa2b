import { setTimeout as sleep } from "node:timers/promises";
import { describeCause } from "./fault.ts";
import type { Log } from "./log.ts";
import type { Origin } from "./records/message.ts";
import type { Redis } from "./redis.ts";
import { groupByNode } from "./redis-cluster.ts";
import type { RedisSettings } from "./settings.ts";

/** What a message reaches on its way, in this order; it ends stored or dead-lettered. */
export const milestones = ["published", "ingested", "embedded", "stored", "dead_lettered"] as const;
export type Milestone = (typeof milestones)[number];

/** Milliseconds since 1970 of each milestone that a message reached. */
export type Progress = Partial<Record<Milestone, number>>;

type Identity = Pick<Origin, "topic" | "partition" | "offset">;

/** Offsets of one partition that share a Redis hash: few keys, and one command for many messages. */
const OFFSETS_PER_KEY = 256;
/** What is noted within this time is written together: an api that publishes one message a request would else ask Redis for each. */
const GATHER_MS = 10;
/** Messages that wait to be written; beyond them progress is dropped, so that a slow Redis holds nothing up. */
const NOTED_MAX = 65_536;

/** Where each message is. Best effort: without Redis the pipeline goes on, untracked. */
export interface StageTracker {
  /** Notes that messages reached a milestone now; never fails and never waits. */
  reached(milestone: Milestone, messages: readonly Identity[]): void;
  /** `undefined` where nothing is known (any more). Rejects without Redis. */
  progress(message: Identity): Promise<Progress | undefined>;
  /** Resolves when what was noted has been written, or was given up. */
  flush(): Promise<void>;
}

export function createTracker(redis: Redis, settings: RedisSettings, log: Log): StageTracker {
  /** Fields and values of each key, in turn. */
  let noted = new Map<string, string[]>();
  let notedMessages = 0;
  let writing: Promise<void> | undefined;
  let dropped = 0;

  const note = (milestone: Milestone, messages: readonly Identity[]): void => {
    const at = String(Date.now());
    for (const message of messages) {
      const key = keyOf(settings.REDIS_KEY_PREFIX, message);
      const fields = noted.get(key);
      if (fields) fields.push(fieldOf(message.offset, milestone), at);
      else noted.set(key, [fieldOf(message.offset, milestone), at]);
    }
    notedMessages += messages.length;
  };

  const drop = (count: number, cause: string): void => {
    // One line when it begins and one when it ends: an outage of Redis must not flood the log.
    if (dropped === 0) log.record("tracking.write", "retry", undefined, { cause });
    dropped += count;
  };

  const writeGroup = async (group: readonly (readonly [string, readonly string[]])[]): Promise<void> => {
    const pipeline = redis.pipeline();
    for (const [key, fields] of group) {
      pipeline.hset(key, ...fields);
      pipeline.expire(key, settings.TRACKING_TTL_S);
    }
    const results = (await pipeline.exec()) ?? [];
    const error = results.find(([failed]) => failed)?.[0];
    if (error) throw error;
  };

  const write = async (fieldsByKey: ReadonlyMap<string, readonly string[]>): Promise<void> => {
    const groups = groupByNode(redis, [...fieldsByKey], ([key]) => key);
    await Promise.all(groups.map(writeGroup));
    if (dropped > 0) log.record("tracking.write", "ok", undefined, { droppedBefore: dropped });
    dropped = 0;
  };

  const writeNoted = async (): Promise<void> => {
    while (noted.size > 0) {
      await sleep(GATHER_MS);
      const [fields, messages] = [noted, notedMessages];
      noted = new Map();
      notedMessages = 0;
      await write(fields).catch((error) => drop(messages, describeCause(error)));
    }
    writing = undefined;
  };

  return {
    reached(milestone, messages) {
      if (messages.length === 0) return;
      if (notedMessages + messages.length > NOTED_MAX) return drop(messages.length, "Redis is slow");
      note(milestone, messages);
      writing ??= writeNoted();
    },
    async progress(message) {
      const fields = milestones.map((milestone) => fieldOf(message.offset, milestone));
      const values = await redis.hmget(keyOf(settings.REDIS_KEY_PREFIX, message), ...fields);
      const known = milestones.flatMap((milestone, index) => {
        const value = values[index];
        return value ? [[milestone, Number(value)] as const] : [];
      });
      return known.length === 0 ? undefined : Object.fromEntries(known);
    },
    async flush() {
      await writing;
    },
  };
}

function keyOf(prefix: string, { topic, partition, offset }: Identity): string {
  return `${prefix}:progress:${topic}:${partition}:${Math.floor(offset / OFFSETS_PER_KEY)}`;
}

function fieldOf(offset: number, milestone: Milestone): string {
  return `${offset}:${milestone}`;
}
