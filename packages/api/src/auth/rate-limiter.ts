import type { Redis } from "@millrace/connections";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { HttpProblem } from "../problem.ts";
import type { AuthSettings } from "./settings.ts";

/** Counts a request of a subject; throws an `HttpProblem` (429) above the limit. */
export type RateLimiter = (subject: string) => Promise<void>;

/** All api processes share one count in Redis; each counts in memory while Redis is unavailable. */
export function createRateLimiter(redis: Redis, settings: AuthSettings & { REDIS_KEY_PREFIX: string }): RateLimiter {
  const limits = { points: settings.RATE_LIMIT_REQUESTS, duration: settings.RATE_LIMIT_WINDOW_S };
  const limiter = new RateLimiterRedis({
    ...limits,
    storeClient: redis,
    keyPrefix: `${settings.REDIS_KEY_PREFIX}:rate`,
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory(limits),
  });
  return async (subject) => {
    try {
      await limiter.consume(subject);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const retryAfterS = Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
      throw new HttpProblem(
        "rate-limited",
        `more than ${limits.points} requests in ${limits.duration} s`,
        {},
        { "retry-after": String(retryAfterS) },
      );
    }
  };
}
