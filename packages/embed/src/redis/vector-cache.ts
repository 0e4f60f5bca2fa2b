import { crc32 } from "node:zlib";
import { describeCause, type Log, type Redis, vectorKeys } from "@millrace/shared";
import type { VectorCache } from "../embedder.ts";

export interface VectorCacheOptions {
  model: string;
  dimensions: number;
  keyPrefix: string;
  timeToLiveS: number;
}

const CHECKSUM_SIZE = 4;
const FLOAT_SIZE = 4;
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
    write(keys, vectors) {
      if (pending >= PENDING_MAX || keys.length === 0) return;
      const bytes = Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength);
      const size = dimensions * FLOAT_SIZE;
      const checksums = keys.map((key, row) => checksum(key, bytes.subarray(row * size, (row + 1) * size)));
      pending++;
      redis
        .eval(writeEntries, keys.length, ...keys, timeToLiveS, size, Buffer.concat(checksums), bytes)
        .catch(() => undefined)
        .finally(() => pending--);
    },
  };
}

/** One command with all vectors in one value: a SET for each took three times the processor time here, and no less there. */
const writeEntries = `
  local time_to_live, size, checksums, vectors = unpack(ARGV)
  for row, key in ipairs(KEYS) do
    local checksum = string.sub(checksums, 4 * row - 3, 4 * row)
    local vector = string.sub(vectors, size * (row - 1) + 1, size * row)
    redis.call("SET", key, checksum .. vector, "EX", time_to_live)
  end`;

/** CRC-32 of key and vector. */
export function checksum(key: string, vector: Buffer): Buffer {
  const sum = Buffer.allocUnsafe(CHECKSUM_SIZE);
  sum.writeUInt32LE(crc32(vector, crc32(key)));
  return sum;
}

/** `undefined` for an entry that is damaged, of another length, or another key's. */
export function readEntry(key: string, entry: Buffer, dimensions: number): Float32Array | undefined {
  if (entry.length !== CHECKSUM_SIZE + dimensions * FLOAT_SIZE) return undefined;
  const bytes = entry.subarray(CHECKSUM_SIZE);
  if (!checksum(key, bytes).equals(entry.subarray(0, CHECKSUM_SIZE))) return undefined;
  const vector = new Float32Array(dimensions);
  new Uint8Array(vector.buffer).set(bytes);
  return vector;
}
