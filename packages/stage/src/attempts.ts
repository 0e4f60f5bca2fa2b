import type { Redis } from "@millrace/connections";
import type { Attempts, RecordIdentity } from "@millrace/kafka";
import { messageId, type PoisonFault, poison } from "@millrace/shared";

/** A process that lives this long after an attempt began did not die of it. */
const SURVIVED_MS = 20_000;
const FORGOTTEN_AFTER_S = 3_600;

/** Counts attempts in Redis. */
export function createAttempts(redis: Redis, keyPrefix: string): Attempts {
  const underWay = new Map<string, NodeJS.Timeout>();
  const kept = new Set<string>();
  const forget = async (key: string): Promise<void> => {
    clearTimeout(underWay.get(key));
    const isKnown = underWay.delete(key) || kept.delete(key);
    if (isKnown) await redis.del(key).catch(() => undefined);
  };
  const keyOf = (scope: string, record: RecordIdentity): string =>
    `${keyPrefix}:attempts:${scope}:${messageId(record)}`;
  return {
    async begin(scope, record) {
      const key = keyOf(scope, record);
      clearTimeout(underWay.get(key));
      underWay.set(
        key,
        setTimeout(() => void forget(key), SURVIVED_MS),
      );
      try {
        const count = await redis.incr(key);
        await redis.expire(key, FORGOTTEN_AFTER_S);
        return count;
      } catch {
        return 1;
      }
    },
    keep(scope, record) {
      const key = keyOf(scope, record);
      clearTimeout(underWay.get(key));
      if (underWay.delete(key)) kept.add(key);
    },
    end(scope, record) {
      void forget(keyOf(scope, record));
    },
    async endAll() {
      await Promise.all([...underWay.keys()].map(forget));
    },
  };
}

/** @param deaths of processes while they worked on the message */
export function lethalFault(deaths: number): PoisonFault {
  return poison("lethal", `${deaths} processes died while they worked on this message`);
}
