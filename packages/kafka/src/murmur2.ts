const MULTIPLIER = 0x5bd1e995;

/**
 * Kafka's hash of a key (`Utils.murmur2` of its Java client), a signed 32-bit integer. kafkajs computes the same with
 * integers of unbounded size: a key of 300 kB blocks the process for 20 s, a key of a megabyte for minutes.
 */
function murmur2(key: Buffer): number {
  const { length } = key;
  const whole = length - (length % 4);
  let hash = 0x9747b28c ^ length;
  for (let at = 0; at < whole; at += 4) {
    const scrambled = Math.imul(key.readInt32LE(at), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(scrambled ^ (scrambled >>> 24), MULTIPLIER);
  }
  if (whole < length) hash = Math.imul(hash ^ key.readUIntLE(whole, length - whole), MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** The partition that Kafka's default partitioner chooses for a key. */
export function partitionOfKey(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
