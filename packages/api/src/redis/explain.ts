import type { Health } from "@millrace/shared";

/** While Redis is unavailable, replaces its client's unspecific error by the cause of the disconnect. */
export async function explain<Value>(read: () => Promise<Value>, health: Health): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    const { redis } = health.dependencies;
    if (redis?.state === "working") throw error;
    throw new Error(redis?.cause ?? "not connected yet");
  }
}
