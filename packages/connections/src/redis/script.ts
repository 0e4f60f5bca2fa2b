import { createHash } from "node:crypto";
import type { Redis } from "./redis.ts";

/**
 * A Lua script that Redis keeps by its hash, so that it is sent once and not with each call. In a Redis Cluster all of its
 * keys must be in one slot.
 */
export function redisScript(lua: string) {
  const hash = createHash("sha1").update(lua).digest("hex");
  return async (
    redis: Redis,
    keys: readonly string[],
    values: readonly (string | number | Buffer)[],
  ): Promise<unknown> => {
    const parameters = [keys.length, ...keys, ...values] as const;
    try {
      return await redis.evalsha(hash, ...parameters);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return redis.eval(lua, ...parameters);
    }
  };
}
