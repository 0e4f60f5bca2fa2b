import { setTimeout as sleep } from "node:timers/promises";
import type { Redis, RedisSettings } from "@millrace/connections";
import { groupByNode } from "@millrace/connections";
import type { Log, Origin } from "@millrace/shared";
import { describeCause } from "@millrace/shared";

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
  /** Fields and values of each key, in turn: a field for each run of neighbours, which batches are made of. */
  let noted = new Map<string, string[]>();
  let notedMessages = 0;
  let writing: Promise<void> | undefined;
  let dropped = 0;

  const note = (milestone: Milestone, messages: readonly Identity[]): void => {
    const at = String(Date.now());
    for (const { first, last } of runsOf(messages)) {
      const key = keyOf(settings.REDIS_KEY_PREFIX, first);
      const fields = noted.get(key) ?? [];
      fields.push(`${milestone}:${first.offset}-${last}`, at);
      noted.set(key, fields);
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
      const fields = Object.entries(await redis.hgetall(keyOf(settings.REDIS_KEY_PREFIX, message)));
      const times = fields.flatMap(([field, at]) => {
        const [, milestone = "", first, last] = RUN.exec(field) ?? [];
        const covers = Number(first) <= message.offset && message.offset <= Number(last);
        return covers ? [{ milestone, atMs: Number(at) }] : [];
      });
      // What happened to it twice counts the last time.
      const known = milestones.flatMap((milestone) => {
        const atMs = Math.max(0, ...times.filter((time) => time.milestone === milestone).map((time) => time.atMs));
        return atMs > 0 ? [[milestone, atMs] as const] : [];
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

const RUN = /^([a-z_]+):(\d+)-(\d+)$/;

interface Run {
  first: Identity;
  /** An offset of the same block. */
  last: number;
}

/** Neighbours that follow each other, as far as they share a hash. */
function runsOf(messages: readonly Identity[]): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const message of messages) {
    if (run && follows(run, message)) run.last = message.offset;
    else {
      run = { first: message, last: message.offset };
      runs.push(run);
    }
  }
  return runs;
}

function follows({ first, last }: Run, { topic, partition, offset }: Identity): boolean {
  return (
    offset === last + 1 && offset % OFFSETS_PER_KEY !== 0 && partition === first.partition && topic === first.topic
  );
}
