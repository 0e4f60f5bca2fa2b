import { awsSettings, iamFlag, pemPath } from "@millrace/connections";
import { described, variable } from "@millrace/shared";
import { z } from "zod";

export const kafkaSettings = {
  KAFKA_BOOTSTRAP_SERVERS: described(variable.hostPorts(), "Brokers to begin with, as host:port, comma-separated."),
  KAFKA_CONNECTION_TIMEOUT_MS: described(variable.integer(100, 60_000).default(3_000), "Time to connect to a broker."),
  KAFKA_REQUEST_TIMEOUT_MS: described(
    variable.integer(1_000, 300_000).default(15_000),
    "Time for a broker to answer a request.",
  ),
  KAFKA_USE_IAM_AUTH: iamFlag("MSK", ", the same as KAFKA_SECURITY=iam"),
  KAFKA_SECURITY: described(
    z.enum(["plaintext", "tls", "scram", "iam"]).optional(),
    "plaintext, tls (mTLS with a certificate and key), scram (SCRAM-SHA-512 over TLS) or iam (MSK, over TLS); absent: plaintext, or iam with KAFKA_USE_IAM_AUTH.",
  ),
  KAFKA_SCRAM_USERNAME: described(z.string().optional(), "User for KAFKA_SECURITY=scram."),
  KAFKA_SCRAM_PASSWORD: z.string().optional().meta({ description: "Password of that user.", secret: true }),
  KAFKA_TLS_CA_PATH: pemPath(
    "PEM file of the authorities that brokers' certificates are checked against; absent: the public ones.",
  ),
  KAFKA_TLS_CERTIFICATE_PATH: pemPath("PEM file of the client's own certificate, for mTLS."),
  KAFKA_TLS_KEY_PATH: pemPath("PEM file of that certificate's private key."),
  KAFKA_REAUTHENTICATION_THRESHOLD_MS: described(
    variable.integer(100, 600_000).default(10_000),
    "How long before a session's end a connection authenticates again; below the broker's connections.max.reauth.ms.",
  ),
  ...awsSettings,
};
export type KafkaSettings = z.output<z.ZodObject<typeof kafkaSettings>>;

export const topicSettings = {
  KAFKA_TOPICS: described(
    variable.topics().default(["messages"]),
    "Source topics, comma-separated. The first one is what POST /publish writes to by default.",
  ),
  BATCHES_TOPIC: described(variable.topic().default("millrace.batches"), "Topic between ingest and embed."),
  VECTORS_TOPIC: described(variable.topic().default("millrace.vectors"), "Topic between embed and sink."),
  DEAD_LETTERS_TOPIC: described(
    variable.topic().default("millrace.dead-letters"),
    "Topic of the messages that can never succeed.",
  ),
  REPLAY_TOPIC: described(
    variable.topic().default("millrace.replay"),
    "Topic of messages that go through the pipeline again under their first identity: replayed dead letters and repairs.",
  ),
  KAFKA_CREATE_TOPICS: described(
    variable.flag().default(true),
    "Create topics that do not exist; false: wait for them.",
  ),
  KAFKA_TOPIC_PARTITIONS: described(variable.integer(1, 10_000).default(8), "Partitions of a topic that is created."),
  KAFKA_REPLICATION_FACTOR: described(
    variable.integer(1, 10).default(1),
    "Replicas of a topic that is created; 3 in production.",
  ),
  KAFKA_RECORD_MAX_BYTES: described(
    variable.integer(65_536, 67_108_864).default(8_388_608),
    "Largest record of an internal topic: batches are packed and split to stay below it, and a message that does not even alone is dead-lettered as too_long.",
  ),
  KAFKA_GROUP_PREFIX: described(
    z.string().min(1).max(100).default("millrace"),
    "Consumer groups are named <prefix>-ingest, <prefix>-embed and <prefix>-sink.",
  ),
};
export type TopicSettings = z.output<z.ZodObject<typeof topicSettings>>;

/** For each stage that consumes; the numbers in flight are its own. */
export const consumerSettings = {
  KAFKA_SESSION_TIMEOUT_MS: described(
    variable.integer(1_000, 300_000).default(30_000),
    "Without a heartbeat for this long a consumer loses its partitions.",
  ),
  KAFKA_COMMIT_INTERVAL_MS: described(
    variable.integer(10, 60_000).default(100),
    "Time between two offset commits; what is done within it is done again after a crash.",
  ),
  KAFKA_STALL_TIMEOUT_MS: described(
    variable.integer(1_000, 600_000).default(60_000),
    "Without a fetch for this long the consumer is replaced.",
  ),
  ATTEMPTS_MAX: described(
    variable.integer(1, 1_000).default(5),
    "A message on which the process died this often is looked for, and given up when it dies as often again.",
  ),
  KAFKA_FETCH_MAX_BYTES: described(
    variable.integer(65_536, 67_108_864).default(2_097_152),
    "Most bytes of one fetch, and of one partition in it.",
  ),
};
export type ConsumerSettings = z.output<z.ZodObject<typeof consumerSettings>>;
