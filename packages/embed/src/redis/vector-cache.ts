import { crc32 } from "node:zlib";
import { describeCause, type Log, type Redis, vectorKeys } from "@millrace/shared";
import type { CacheEntry, VectorCache } from "../embedder.ts";

export interface VectorCacheOptions {
  model: string;
  dimensions: number;
  keyPrefix: string;
  timeToLiveS: number;
}

const CHECKSUM_SIZE = 4;
/** Writes that may be under way; beyond them vectors are not cached, so that a slow Redis holds nothing up. */
const PENDING_MAX = 8;

/**
 * Vectors in Redis, by the keys of `vectorKeys`: CRC-32 of key and vector, float32 bytes. Entries expire; under memory
 * pressure Redis evicts them by its `maxmemory-policy` (use one of `volatile-*`).
 */
export function createVectorCache(redis: Redis, log: Log, options: VectorCacheOptions): VectorCache {
  const { model, dimensions, timeToLiveS } = options;
  let pending = 0;

  const drop = (key: string): undefined => {
    log.record("embed.cache", "retry", undefined, { cause: "a damaged entry was dropped", key });
    redis.del(key).catch(() => undefined);
    return undefined;
  };

  return {
    model,
    dimensions,
    keyOf: vectorKeys(options),
    async read(keys) {
      try {
        const values = await redis.mgetBuffer(...keys);
        return keys.map((key, index) => {
          const value = values[index];
          return value ? (readEntry(key, value, dimensions) ?? drop(key)) : undefined;
        });
      } catch (error) {
        log.debug("embed.cache", { cause: describeCause(error) });
        return keys.map(() => undefined);
      }
    },
    write(entries) {
      if (pending >= PENDING_MAX || entries.length === 0) return;
      const pipeline = redis.pipeline();
      for (const entry of entries) pipeline.set(entry.key, writeEntry(entry), "EX", timeToLiveS);
      pending++;
      pipeline
        .exec()
        .catch(() => undefined)
        .finally(() => pending--);
    },
  };
}

export function writeEntry({ key, vector }: CacheEntry): Buffer {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  const entry = Buffer.allocUnsafe(CHECKSUM_SIZE + bytes.length);
  entry.writeUInt32LE(crc32(bytes, crc32(key)), 0);
  entry.set(bytes, CHECKSUM_SIZE);
  return entry;
}

/** `undefined` for an entry that is damaged, of another length, or another key's. */
export function readEntry(key: string, entry: Buffer, dimensions: number): Float32Array | undefined {
  if (entry.length !== CHECKSUM_SIZE + dimensions * 4) return undefined;
  const bytes = entry.subarray(CHECKSUM_SIZE);
  if (entry.readUInt32LE(0) !== crc32(bytes, crc32(key))) return undefined;
  const vector = new Float32Array(dimensions);
  new Uint8Array(vector.buffer).set(bytes);
  return vector;
}
