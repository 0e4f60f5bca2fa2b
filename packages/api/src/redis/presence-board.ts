import type { Redis, RedisSettings } from "@millrace/connections";
import { type Presence, readPresence, type Stage, stages } from "@millrace/stage";
import type { PresenceBoard } from "../routes/status.ts";

/** Reads the latest report of each process of the stages. */
export function createPresenceBoard(redis: Redis, settings: RedisSettings, intervalMs: number): PresenceBoard {
  return {
    async read() {
      const reports = await Promise.all(
        stages.map((stage) => readPresence(redis, settings.REDIS_KEY_PREFIX, stage, intervalMs)),
      );
      return Object.fromEntries(stages.map((stage, index) => [stage, reports[index]])) as Record<Stage, Presence[]>;
    },
  };
}
