import { z } from "zod";
import { variable } from "./config.ts";
import { dimensionsOf } from "./embedding-models.ts";

/** Groups of variables that several processes have. A process's schema is made of those that it needs. */

const describe = <Type extends z.ZodType>(type: Type, description: string): Type => type.meta({ description }) as Type;

export const processSettings = {
  HOST: describe(z.string().default("0.0.0.0"), "Address that the process's HTTP server listens on."),
  LOG_LEVEL: describe(z.enum(["debug", "info", "warn", "error"]).default("info"), "Least severe level that is logged."),
  HEARTBEAT_INTERVAL_MS: describe(
    variable.integer(100, 600_000).default(30_000),
    "Time between two heartbeat lines in the log.",
  ),
  PRESENCE_INTERVAL_MS: describe(
    variable.integer(100, 60_000).default(2_000),
    "Time between two reports of a process's state to Redis.",
  ),
  SLOW_OPERATION_MS: describe(
    variable.integer(1, 3_600_000).default(1_000),
    "A request to another service that took longer in the last 10 s, or is under way for longer, is reported as slow by health, status and alerts.",
  ),
  SHUTDOWN_TIMEOUT_MS: describe(
    variable.integer(0, 600_000).default(25_000),
    "After SIGTERM, how long what is in flight may take before it is given up uncommitted.",
  ),
  RETRY_INITIAL_MS: describe(variable.integer(1, 60_000).default(200), "Upper bound of the first retry delay."),
  RETRY_MAX_MS: describe(variable.integer(1, 600_000).default(15_000), "Upper bound of every retry delay."),
};
export type ProcessSettings = z.output<z.ZodObject<typeof processSettings>>;

/** What signing needs; part of each group whose service can be reached by IAM. The key itself comes from the provider chain. */
export const awsSettings = {
  AWS_REGION: describe(
    z
      .string()
      .regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, { error: "not a region such as eu-west-1" })
      .optional(),
    "Region for which requests and tokens are signed; required with IAM. EKS sets it for IRSA.",
  ),
  AWS_ROLE_SESSION_NAME: describe(
    z
      .string()
      .regex(/^[\w+=,.@-]{2,64}$/, { error: "not an STS session name" })
      .default("millrace"),
    "Name of the STS session under IRSA. It is part of the principal that MSK sees, so it must not change while a connection lives.",
  ),
};

const iamFlag = (service: string, note = "") =>
  describe(variable.flag().default(false), `Authenticate to ${service} by IAM${note}.`);
const path = (description: string) => describe(z.string().optional(), description);

export const kafkaSettings = {
  KAFKA_BOOTSTRAP_SERVERS: describe(variable.hostPorts(), "Brokers to begin with, as host:port, comma-separated."),
  KAFKA_CONNECTION_TIMEOUT_MS: describe(variable.integer(100, 60_000).default(3_000), "Time to connect to a broker."),
  KAFKA_REQUEST_TIMEOUT_MS: describe(
    variable.integer(1_000, 300_000).default(15_000),
    "Time for a broker to answer a request.",
  ),
  KAFKA_USE_IAM_AUTH: iamFlag("MSK", ", the same as KAFKA_SECURITY=iam"),
  KAFKA_SECURITY: describe(
    z.enum(["plaintext", "tls", "scram", "iam"]).optional(),
    "plaintext, tls (mTLS with a certificate and key), scram (SCRAM-SHA-512 over TLS) or iam (MSK, over TLS); absent: plaintext, or iam with KAFKA_USE_IAM_AUTH.",
  ),
  KAFKA_SCRAM_USERNAME: describe(z.string().optional(), "User for KAFKA_SECURITY=scram."),
  KAFKA_SCRAM_PASSWORD: z.string().optional().meta({ description: "Password of that user.", secret: true }),
  KAFKA_TLS_CA_PATH: path(
    "PEM file of the authorities that brokers' certificates are checked against; absent: the public ones.",
  ),
  KAFKA_TLS_CERTIFICATE_PATH: path("PEM file of the client's own certificate, for mTLS."),
  KAFKA_TLS_KEY_PATH: path("PEM file of that certificate's private key."),
  KAFKA_REAUTHENTICATION_THRESHOLD_MS: describe(
    variable.integer(100, 600_000).default(10_000),
    "How long before a session's end a connection authenticates again; below the broker's connections.max.reauth.ms.",
  ),
  ...awsSettings,
};
export type KafkaSettings = z.output<z.ZodObject<typeof kafkaSettings>>;

export const topicSettings = {
  KAFKA_TOPICS: describe(
    variable.topics().default(["messages"]),
    "Source topics, comma-separated. The first one is what POST /publish writes to by default.",
  ),
  BATCHES_TOPIC: describe(variable.topic().default("millrace.batches"), "Topic between ingest and embed."),
  VECTORS_TOPIC: describe(variable.topic().default("millrace.vectors"), "Topic between embed and sink."),
  DEAD_LETTERS_TOPIC: describe(
    variable.topic().default("millrace.dead-letters"),
    "Topic of the messages that can never succeed.",
  ),
  REPLAY_TOPIC: describe(
    variable.topic().default("millrace.replay"),
    "Topic of messages that go through the pipeline again under their first identity: replayed dead letters and repairs.",
  ),
  KAFKA_CREATE_TOPICS: describe(
    variable.flag().default(true),
    "Create topics that do not exist; false: wait for them.",
  ),
  KAFKA_TOPIC_PARTITIONS: describe(variable.integer(1, 10_000).default(8), "Partitions of a topic that is created."),
  KAFKA_REPLICATION_FACTOR: describe(
    variable.integer(1, 10).default(1),
    "Replicas of a topic that is created; 3 in production.",
  ),
  KAFKA_RECORD_MAX_BYTES: describe(
    variable.integer(65_536, 67_108_864).default(8_388_608),
    "Largest record of an internal topic: batches are packed and split to stay below it, and a message that does not even alone is dead-lettered as too_long.",
  ),
  KAFKA_GROUP_PREFIX: describe(
    z.string().min(1).max(100).default("millrace"),
    "Consumer groups are named <prefix>-ingest, <prefix>-embed and <prefix>-sink.",
  ),
};
export type TopicSettings = z.output<z.ZodObject<typeof topicSettings>>;

/** For each stage that consumes; the numbers in flight are its own. */
export const consumerSettings = {
  KAFKA_SESSION_TIMEOUT_MS: describe(
    variable.integer(1_000, 300_000).default(30_000),
    "Without a heartbeat for this long a consumer loses its partitions.",
  ),
  KAFKA_COMMIT_INTERVAL_MS: describe(
    variable.integer(10, 60_000).default(100),
    "Time between two offset commits; what is done within it is done again after a crash.",
  ),
  KAFKA_STALL_TIMEOUT_MS: describe(
    variable.integer(1_000, 600_000).default(60_000),
    "Without a fetch for this long the consumer is replaced.",
  ),
  ATTEMPTS_MAX: describe(
    variable.integer(1, 1_000).default(5),
    "A message on which the process died this often is looked for, and given up when it dies as often again.",
  ),
  KAFKA_FETCH_MAX_BYTES: describe(
    variable.integer(65_536, 67_108_864).default(2_097_152),
    "Most bytes of one fetch, and of one partition in it.",
  ),
};
export type ConsumerSettings = z.output<z.ZodObject<typeof consumerSettings>>;

/** What the identity of a document is; ingest and sink must agree. */
export const documentSettings = {
  DOCUMENT_ID: describe(
    z.enum(["offset", "key"]).default("offset"),
    "offset: a document for each message. key: a document for each Kafka key; a later message replaces it, one without a value deletes it.",
  ),
};

/** Where the text of a source message is, and how large it may be. */
export const textSettings = {
  ...documentSettings,
  TEXT_FIELD: describe(
    z
      .string()
      .regex(/^(\/([^~/]|~[01])*)*$/, { error: "not a JSON Pointer (RFC 6901), such as /text" })
      .optional(),
    "JSON Pointer to the text in a JSON message, such as /text; absent: the whole value is the text.",
  ),
  MESSAGE_MAX_BYTES: describe(
    variable.integer(1, 67_108_864).default(1_048_576),
    "A longer message is dead-lettered as too_long.",
  ),
  EMBEDDING_INPUT_MAX_TOKENS: describe(
    variable.integer(1, 1_000_000).default(8_192),
    "A text of more tokens (cl100k_base) is dead-lettered as too_long; OpenAI's limit is 8,192.",
  ),
};
export type TextSettings = z.output<z.ZodObject<typeof textSettings>>;

/** The embeddings model, and what it costs. */
export const modelSettings = {
  OPENAI_EMBEDDING_MODEL: describe(z.string().default("text-embedding-3-small"), "Model."),
  OPENAI_EMBEDDING_DIMENSIONS: describe(
    variable.integer(1, 65_536).optional(),
    "Dimensions to ask for; absent: the model's own.",
  ),
  EMBEDDING_PRICE_USD_PER_MILLION_TOKENS: describe(
    variable.dollars().optional(),
    "Price by which dollars are counted; absent: the list price of the model.",
  ),
};

export const postgresSettings = {
  POSTGRES_HOST: describe(z.string(), "Host of PostgreSQL."),
  POSTGRES_PORT: describe(variable.integer(1, 65_535).default(5432), "Port of PostgreSQL."),
  POSTGRES_DATABASE: describe(z.string().default("millrace"), "Database."),
  POSTGRES_USER: describe(z.string().default("millrace"), "User."),
  POSTGRES_PASSWORD: z.string().optional().meta({ description: "Password.", secret: true }),
  POSTGRES_SCHEMA: describe(
    z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: "a schema has lower-case letters, digits and '_' only" })
      .default("public"),
    "Schema of the table demo_log.",
  ),
  POSTGRES_POOL_MAX: describe(variable.integer(1, 200).default(4), "Most connections of one process."),
  POSTGRES_TIMEOUT_MS: describe(
    variable.integer(100, 600_000).default(15_000),
    "Time to connect, and for a statement.",
  ),
  POSTGRES_USE_IAM_AUTH: iamFlag("RDS", ", over TLS"),
  POSTGRES_TLS: describe(variable.flag().default(false), "Connect over TLS; IAM always does."),
  POSTGRES_TLS_CA_PATH: path(
    "PEM file of the authorities that the server's certificate is checked against, such as the RDS bundle; absent: the public ones.",
  ),
  POSTGRES_CONNECTION_MAX_LIFETIME_S: describe(
    variable.integer(1, 86_400).default(1_800),
    "Age at which a connection is replaced, so that a revoked permission takes effect.",
  ),
  ...awsSettings,
};
export type PostgresSettings = z.output<z.ZodObject<typeof postgresSettings>>;

export const openSearchSettings = {
  OPENSEARCH_ENDPOINT: describe(variable.url(), "URL of OpenSearch."),
  OPENSEARCH_INDEX: describe(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,200}$/, {
        error: "an index has lower-case letters, digits, '.', '_' and '-' only",
      })
      .default("millrace"),
    "Index of the documents.",
  ),
  OPENSEARCH_USERNAME: describe(z.string().optional(), "User, where the cluster asks for one."),
  OPENSEARCH_PASSWORD: z.string().optional().meta({ description: "Password.", secret: true }),
  OPENSEARCH_TIMEOUT_MS: describe(
    variable.integer(100, 600_000).default(30_000),
    "Time for OpenSearch to answer a request.",
  ),
  OPENSEARCH_USE_IAM_AUTH: iamFlag("OpenSearch", ": each request is signed"),
  OPENSEARCH_AWS_SERVICE: describe(
    z.enum(["es", "aoss"]).default("es"),
    "What signatures are made for: es, a managed domain; aoss, OpenSearch Serverless.",
  ),
  OPENSEARCH_TLS_CA_PATH: path(
    "PEM file of the authorities that the server's certificate is checked against; absent: the public ones.",
  ),
  ...awsSettings,
};
export type OpenSearchSettings = z.output<z.ZodObject<typeof openSearchSettings>>;

/** Who makes what is to be there before the first message. */
export const preparationSettings = {
  POSTGRES_MIGRATE: describe(
    variable.flag().default(true),
    "Bring the database up to date at the start; false: it was done before (dist/prepare.js).",
  ),
  OPENSEARCH_CREATE_INDEX: describe(
    variable.flag().default(true),
    "Create the index with the first batch; false: a missing index is a start-up error.",
  ),
};

/** For each process that puts texts together for a request to the provider. */
export const batchSettings = {
  BATCH_MAX_MESSAGES: describe(
    variable.integer(1, 2_048).default(256),
    "Most messages of a batch; OpenAI's limit is 2,048 inputs a request.",
  ),
  BATCH_MAX_TOKENS: describe(
    variable.integer(1, 10_000_000).default(300_000),
    "Most tokens of a batch; OpenAI's limit is 300,000 a request.",
  ),
};

/** Where vectors come from. */
export const embeddingSettings = {
  EMBEDDING_PROVIDER: describe(
    z.enum(["openai", "local"]).optional(),
    "openai, or local (no key, no network); absent: openai where there is a key, else local.",
  ),
  OPENAI_API_KEY: z.string().optional().meta({ description: "Key of the OpenAI API.", secret: true }),
  OPENAI_API_KEY_SECRET_ARN: describe(
    z
      .string()
      .regex(/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$/, { error: "not the ARN of a secret" })
      .optional(),
    "ARN of the secret in AWS Secrets Manager that holds the key, instead of OPENAI_API_KEY.",
  ),
  OPENAI_API_KEY_SECRET_FIELD: describe(
    z.string().optional(),
    "Field of that secret where it is a JSON object; absent: the secret is the key itself.",
  ),
  OPENAI_API_KEY_REFRESH_S: describe(
    variable.integer(1, 86_400).default(300),
    "Time between two reads of that secret; it is also read again when the API refuses the key.",
  ),
  OPENAI_BASE_URL: describe(
    variable.url().default("https://api.openai.com/v1"),
    "Any server that speaks OpenAI's embeddings API.",
  ),
  ...modelSettings,
  OPENAI_TIMEOUT_MS: describe(variable.integer(100, 600_000).default(30_000), "Time for one embeddings request."),
};
export type EmbeddingSettings = z.output<z.ZodObject<typeof embeddingSettings>>;

type KeySettings = Pick<
  EmbeddingSettings,
  "EMBEDDING_PROVIDER" | "OPENAI_API_KEY" | "OPENAI_API_KEY_SECRET_ARN" | "OPENAI_API_KEY_SECRET_FIELD"
>;

/** The key comes from one place: whichever would win of two, somebody would look for it at the other. */
export function checkEmbeddingKey(config: KeySettings, context: z.core.$RefinementCtx): void {
  const refuse = (variable: keyof KeySettings, message: string): void =>
    context.addIssue({ code: "custom", path: [variable], message });
  const { OPENAI_API_KEY: key, OPENAI_API_KEY_SECRET_ARN: secret, OPENAI_API_KEY_SECRET_FIELD: field } = config;
  if (key !== undefined && secret !== undefined) {
    refuse("OPENAI_API_KEY_SECRET_ARN", "contradicts OPENAI_API_KEY; leave one of them out");
  }
  if (field !== undefined && secret === undefined) {
    refuse("OPENAI_API_KEY_SECRET_ARN", "required by OPENAI_API_KEY_SECRET_FIELD");
  }
  if (config.EMBEDDING_PROVIDER === "openai" && key === undefined && secret === undefined) {
    refuse(
      "OPENAI_API_KEY",
      "EMBEDDING_PROVIDER is openai: set the key, OPENAI_API_KEY_SECRET_ARN, or EMBEDDING_PROVIDER=local",
    );
  }
}

/** The dimensions of OpenAI's vectors; absent for a model that is not known. */
export function openAiDimensions(settings: EmbeddingSettings): number | undefined {
  return settings.OPENAI_EMBEDDING_DIMENSIONS ?? dimensionsOf(settings.OPENAI_EMBEDDING_MODEL);
}

export const redisSettings = {
  REDIS_HOST: describe(z.string(), "Host of Redis."),
  REDIS_PORT: describe(variable.integer(1, 65_535).default(6379), "Port of Redis."),
  REDIS_PASSWORD: z.string().optional().meta({ description: "Password.", secret: true }),
  REDIS_KEY_PREFIX: describe(z.string().max(100).default("millrace"), "First part of every key."),
  REDIS_TIMEOUT_MS: describe(variable.integer(10, 60_000).default(1_000), "Time for Redis to answer a command."),
  TRACKING_TTL_S: describe(
    variable.integer(60, 31_536_000).default(86_400),
    "How long the progress of a message can be asked for.",
  ),
  REDIS_USERNAME: describe(z.string().optional(), "User; with IAM, the ElastiCache user's id."),
  REDIS_USE_IAM_AUTH: iamFlag("ElastiCache", ", over TLS"),
  REDIS_IAM_CACHE_NAME: describe(
    z.string().optional(),
    "With IAM: the ElastiCache replication group or serverless cache that the token is signed for.",
  ),
  REDIS_IAM_SERVERLESS: describe(variable.flag().default(false), "With IAM: the cache is a serverless one."),
  REDIS_IAM_REAUTHENTICATION_S: describe(
    variable.integer(1, 43_000).default(39_600),
    "With IAM: time between two authentications of a living connection; ElastiCache closes it after 12 hours without one.",
  ),
  REDIS_CLUSTER: describe(
    variable.flag().default(false),
    "Redis runs in cluster mode; REDIS_HOST is its configuration endpoint, or any of its nodes.",
  ),
  REDIS_TLS: describe(variable.flag().default(false), "Connect over TLS; IAM always does."),
  REDIS_TLS_CA_PATH: path(
    "PEM file of the authorities that the server's certificate is checked against; absent: the public ones.",
  ),
  ...awsSettings,
};
export type RedisSettings = z.output<z.ZodObject<typeof redisSettings>>;
