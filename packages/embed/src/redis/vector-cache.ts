import { crc32 } from "node:zlib";
import { groupByNode, isCluster, type Redis, readValues, redisScript } from "@millrace/connections";
import { describeCause, type Log, vectorKeys } from "@millrace/shared";
import type { VectorCache } from "../embedder.ts";

export interface VectorCacheOptions {
  model: string;
  dimensions: number;
  keyPrefix: string;
  timeToLiveS: number;
}

const CHECKSUM_SIZE = 4;
const FLOAT_SIZE = 4;
/** Below glibc's threshold for memory of its own (MALLOC_MMAP_THRESHOLD_ of the image). */
const COMMAND_MAX_BYTES = 196_608;
/** Writes that may be under way; beyond them vectors are not cached, so that a slow Redis holds nothing up. */
const PENDING_MAX = 8;

/**
 * Vectors in Redis, by the keys of `vectorKeys`: CRC-32 of key and vector, float32 bytes. Entries expire; under memory
 * pressure Redis evicts them by its `maxmemory-policy` (use one of `volatile-*`).
 */
export function createVectorCache(redis: Redis, log: Log, options: VectorCacheOptions): VectorCache {
  const { model, dimensions, timeToLiveS } = options;
  let pending = 0;
  let failures = 0;
  let isAway = false;

  const drop = (key: string): undefined => {
    log.record("embed.cache", "retry", undefined, { cause: "a damaged entry was dropped", key });
    redis.del(key).catch(() => undefined);
    return undefined;
  };

  /** One line when reads begin to fail and one when they succeed again: an outage must not flood the log. */
  const note = (cause: string | undefined): void => {
    if (cause !== undefined) failures++;
    if (isAway === (cause !== undefined)) return;
    isAway = cause !== undefined;
    log.record("embed.cache", isAway ? "retry" : "ok", undefined, { ...(cause !== undefined && { cause }), failures });
  };

  return {
    model,
    dimensions,
    get failures() {
      return failures;
    },
    keyOf: vectorKeys(options),
    async read(keys) {
      try {
        const values = await readValues(redis, keys);
        note(undefined);
        return keys.map((key) => {
          const value = values.get(key);
          return value ? (readEntry(key, value, dimensions) ?? drop(key)) : undefined;
        });
      } catch (error) {
        note(describeCause(error));
        return keys.map(() => undefined);
      }
    },
    async write(keys, vectors) {
      if (pending >= PENDING_MAX || keys.length === 0) return true;
      pending++;
      const write = isCluster(redis) ? writeEach : writeTogether;
      try {
        await write(redis, keys, vectors, timeToLiveS);
        return true;
      } catch {
        // The client may still hold it, to send it again.
        return false;
      } finally {
        pending--;
      }
    },
  };
}

/** The bytes of each vector, in the order of the keys. */
function rowsOf(keys: readonly string[], vectors: Buffer): Buffer[] {
  const size = vectors.length / keys.length;
  return keys.map((_, row) => vectors.subarray(row * size, (row + 1) * size));
}

/** The bytes of all vectors, one after the other. */
function bytesOf(vectors: Float32Array): Buffer {
  return Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength);
}

/**
 * Commands with many vectors in one value: a SET for each took three times the processor time here, and no less there. Not
 * with all of them, since the client copies a command as a whole, and fresh memory of that size is slow.
 */
async function writeTogether(redis: Redis, keys: readonly string[], vectors: Float32Array, timeToLiveS: number) {
  const bytes = bytesOf(vectors);
  const size = bytes.length / keys.length;
  const rows = Math.max(1, Math.floor(COMMAND_MAX_BYTES / size));
  const writing: Promise<unknown>[] = [];
  for (let start = 0; start < keys.length; start += rows) {
    const some = keys.slice(start, start + rows);
    const values = bytes.subarray(start * size, (start + some.length) * size);
    const checksums = rowsOf(some, values).map((row, index) => checksum(some[index] ?? "", row));
    writing.push(setAll(redis, some, [timeToLiveS, size, Buffer.concat(checksums), values]));
  }
  await Promise.all(writing);
}

const setAll = redisScript(`
  local time_to_live, size, checksums, vectors = unpack(ARGV)
  for row, key in ipairs(KEYS) do
    local checksum = string.sub(checksums, 4 * row - 3, 4 * row)
    local vector = string.sub(vectors, size * (row - 1) + 1, size * row)
    redis.call("SET", key, checksum .. vector, "EX", time_to_live)
  end`);

/** In a cluster no command may name the keys of several nodes. */
async function writeEach(redis: Redis, keys: readonly string[], vectors: Float32Array, timeToLiveS: number) {
  const entries = rowsOf(keys, bytesOf(vectors)).map((row, index) => ({ key: keys[index] ?? "", row }));
  const writing = groupByNode(redis, entries, ({ key }) => key).map((group) => {
    const pipeline = redis.pipeline();
    for (const { key, row } of group) pipeline.set(key, Buffer.concat([checksum(key, row), row]), "EX", timeToLiveS);
    return pipeline.exec();
  });
  await Promise.all(writing);
}

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
