/**
 * Variables that give a pipeline its own names in the shared services, so that several pipelines can use one stack at a
 * time: topics, consumer groups, an index, a schema and keys.
 *
 * @param suffix lower-case letters, digits and `_`, at most 40: it becomes part of every name
 */
export function isolated(suffix: string) {
  if (!/^[a-z0-9_]{1,40}$/.test(suffix)) {
    throw new TypeError(`"${suffix}" can't be a part of every name: use up to 40 lower-case letters, digits and '_'`);
  }
  return {
    KAFKA_TOPICS: `messages.${suffix}`,
    BATCHES_TOPIC: `millrace.batches.${suffix}`,
    VECTORS_TOPIC: `millrace.vectors.${suffix}`,
    DEAD_LETTERS_TOPIC: `millrace.dead-letters.${suffix}`,
    REPLAY_TOPIC: `millrace.replay.${suffix}`,
    KAFKA_GROUP_PREFIX: `millrace-${suffix}`,
    OPENSEARCH_INDEX: `millrace-${suffix}`,
    POSTGRES_SCHEMA: `millrace_${suffix}`,
    REDIS_KEY_PREFIX: `millrace-${suffix}`,
  } as const;
}

export type Namespace = ReturnType<typeof isolated>;
