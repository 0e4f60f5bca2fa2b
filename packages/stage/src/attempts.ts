import type { Redis } from "@millrace/connections";
import type { Attempts, RecordIdentity } from "@millrace/kafka";
import { type Failure, messageId, type PoisonFault, poison } from "@millrace/shared";

/** A process that lives this long after it began was not killed by what it began. */
const SURVIVED_MS = 20_000;
const FORGOTTEN_AFTER_S = 3_600;

export function createAttempts(redis: Redis, keyPrefix: string): Attempts {
  const underWay = new Map<string, NodeJS.Timeout>();
  const forget = async (key: string): Promise<void> => {
    clearTimeout(underWay.get(key));
    if (underWay.delete(key)) await redis.del(key).catch(() => undefined);
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
    end(scope, record) {
      void forget(keyOf(scope, record));
    },
    async endAll() {
      await Promise.all([...underWay.keys()].map(forget));
    },
  };
}

/**
 * Does the work of a batch message by message, because processes died of the batch: the message of which they die is
 * found by its own count and given up, and the others are done.
 */
export async function oneByOne<Item extends RecordIdentity>(
  scope: string,
  items: readonly Item[],
  attemptsMax: number,
  attempts: Attempts,
  work: (item: Item) => Promise<void>,
): Promise<Failure<Item & { attempts: number }, PoisonFault>[]> {
  const lethal: Failure<Item & { attempts: number }, PoisonFault>[] = [];
  for (const item of items) {
    const count = await attempts.begin(scope, item);
    if (count > attemptsMax) lethal.push({ item: { ...item, attempts: count - 1 }, fault: lethalFault(count - 1) });
    else await work(item);
    attempts.end(scope, item);
  }
  return lethal;
}

export function lethalFault(attempts: number): PoisonFault {
  return poison("lethal", `a process died ${attempts} times while it worked on this message`);
}
