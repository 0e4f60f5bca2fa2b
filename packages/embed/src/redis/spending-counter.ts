import { type Redis, redisScript } from "@millrace/connections";

const KEPT_S = 3 * 86_400;

/** Adds what must be counted whatever it comes to, then an amount where it fits; a negative one always does. */
const add = redisScript(`
local total = redis.call('INCRBY', KEYS[1], ARGV[2])
local amount = tonumber(ARGV[1])
local fits = amount <= 0 or total + amount <= tonumber(ARGV[3])
if fits then total = redis.call('INCRBY', KEYS[1], ARGV[1]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return { fits and 1 or 0, total }
`);

/** What all processes have spent on a day, at `<prefix>:spending:<day>`. Rejects while Redis is away. */
export interface SpendingCounter {
  /**
   * @param day such as 2026-01-31
   * @param units to add where the total stays within the limit
   * @param owed units that were spent already
   */
  add(day: string, units: number, owed: number, limit: number): Promise<{ taken: boolean; total: number }>;
}

export function createSpendingCounter(redis: Redis, keyPrefix: string): SpendingCounter {
  return {
    async add(day, units, owed, limit) {
      const answer = await add(redis, [`${keyPrefix}:spending:${day}`], [units, owed, limit, KEPT_S]);
      const [taken, total] = answer as [number, number];
      return { taken: taken === 1, total };
    },
  };
}
