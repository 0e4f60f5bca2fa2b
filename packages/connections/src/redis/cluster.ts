import calculateSlot from "cluster-key-slot";
import { Cluster } from "ioredis";
import type { Redis } from "./redis.ts";

export function isCluster(redis: Redis): redis is Cluster {
  return redis instanceof Cluster;
}

/**
 * Groups items so that each group fits one pipeline: all items for a single Redis; for a cluster, the items whose keys are
 * on the same node. A cluster whose slots are not known yet refuses the pipeline, as it would refuse each command.
 */
export function groupByNode<Item>(redis: Redis, items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  if (!isCluster(redis)) return [[...items]];
  return [...Map.groupBy(items, (item) => redis.slots[calculateSlot(keyOf(item))]?.[0]).values()];
}

/** The values of keys on any node; keys that don't exist are left out. */
export async function readValues(redis: Redis, keys: readonly string[]): Promise<Map<string, Buffer>> {
  const values = new Map<string, Buffer>();
  const note = (key: string, value: unknown): unknown => Buffer.isBuffer(value) && values.set(key, value);
  if (isCluster(redis)) {
    // MGET takes only keys of one slot; a pipeline takes keys of one node.
    const reading = groupByNode(redis, keys, (key) => key).map(async (group) => {
      const pipeline = redis.pipeline();
      for (const key of group) pipeline.getBuffer(key);
      for (const [index, [error, value]] of ((await pipeline.exec()) ?? []).entries()) {
        if (error) throw error;
        note(group[index] ?? "", value);
      }
    });
    await Promise.all(reading);
  } else {
    for (const [index, value] of (await redis.mgetBuffer(...keys)).entries()) note(keys[index] ?? "", value);
  }
  return values;
}
