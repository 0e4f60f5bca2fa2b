// The sections of docs/configuration.md and .env.example, in reading order.

export interface Section {
  title: string;
  intro: string;
  /** Names, or prefixes that end in "_"; the longest match across sections wins. */
  variables: readonly string[];
}

export const sections: readonly Section[] = [
  {
    title: "Process",
    intro: "Server, logging, shutdown and retries. Defaults that differ name their process.",
    variables: ["PORT", "HOST", "LOG_LEVEL", "HEARTBEAT_", "PRESENCE_", "SLOW_OPERATION_MS", "SHUTDOWN_", "RETRY_"],
  },
  {
    title: "Kafka",
    intro: "Connection and security. [aws.md](aws.md) covers MSK with IAM.",
    variables: ["KAFKA_"],
  },
  {
    title: "Topics",
    intro: "Topic names, and how missing topics are created.",
    variables: [
      "KAFKA_TOPICS",
      "BATCHES_TOPIC",
      "VECTORS_TOPIC",
      "DEAD_LETTERS_TOPIC",
      "REPLAY_TOPIC",
      "KAFKA_CREATE_TOPICS",
      "KAFKA_TOPIC_PARTITIONS",
      "KAFKA_REPLICATION_FACTOR",
      "KAFKA_RECORD_MAX_BYTES",
    ],
  },
  {
    title: "Consumers",
    intro: "Consumer groups, commits, fetches, and the limit of attempts.",
    variables: [
      "KAFKA_GROUP_PREFIX",
      "KAFKA_SESSION_TIMEOUT_MS",
      "KAFKA_COMMIT_INTERVAL_MS",
      "KAFKA_STALL_TIMEOUT_MS",
      "KAFKA_FETCH_MAX_BYTES",
      "ATTEMPTS_MAX",
    ],
  },
  {
    title: "Redis",
    intro: "Progress of messages, presence of processes, attempt counts, the embedding cache and the rate budget.",
    variables: ["REDIS_", "TRACKING_TTL_S"],
  },
  { title: "PostgreSQL", intro: "The audit table `demo_log`.", variables: ["POSTGRES_"] },
  { title: "OpenSearch", intro: "The index and its documents.", variables: ["OPENSEARCH_", "DOCUMENT_ID"] },
  {
    title: "Schema registry",
    intro: "For Avro, JSON Schema and Protobuf values: [events.md](events.md).",
    variables: ["SCHEMA_REGISTRY_"],
  },
  {
    title: "AWS identity",
    intro:
      "For `KAFKA_USE_IAM_AUTH`, `POSTGRES_USE_IAM_AUTH`, `OPENSEARCH_USE_IAM_AUTH` and `REDIS_USE_IAM_AUTH`: [aws.md](aws.md).",
    variables: ["AWS_"],
  },
  {
    title: "Messages and batches",
    intro: "How ingest reads messages and packs batches, and its limits in flight.",
    variables: ["TEXT_FIELD", "MESSAGE_MAX_BYTES", "EMBEDDING_INPUT_MAX_TOKENS", "BATCH_", "INGEST_"],
  },
  {
    title: "Embeddings",
    intro: "Provider, model, cache, rate and budget: [rate-and-cost.md](rate-and-cost.md).",
    variables: ["EMBEDDING_", "OPENAI_", "EMBED_"],
  },
  { title: "Sink", intro: "Concurrent writes, and the limit of batches in flight.", variables: ["SINK_"] },
  {
    title: "Publish and search",
    intro: "Limits of the api's requests: [api.md](api.md).",
    variables: ["EMBED_URL", "REQUEST_TIMEOUT_MS", "PUBLISH_", "CONSOLE_", "SEARCH_"],
  },
  {
    title: "Access to the API",
    intro: "Tokens, origins and rate limits of `/api/v1`: [streams.md](streams.md).",
    variables: ["AUTH_", "CORS_", "RATE_LIMIT_"],
  },
  {
    title: "Events",
    intro: "Events published under `/api/v1`: [events.md](events.md), [streams.md](streams.md).",
    variables: ["EVENTS_"],
  },
  { title: "Streams", intro: "WebSocket and server-sent events: [streams.md](streams.md).", variables: ["STREAM_"] },
];

/** Throws if no section contains the variable, so that new ones get a section. */
export function sectionOf(name: string): Section {
  const claims = sections.flatMap((section) =>
    section.variables
      .filter((claim) => (claim.endsWith("_") ? name.startsWith(claim) : name === claim))
      .map((claim) => ({ section, length: claim.length })),
  );
  const [best] = claims.toSorted((one, other) => other.length - one.length);
  if (!best) throw new Error(`${name} has no section: add it to scripts/variable-sections.ts`);
  return best.section;
}
