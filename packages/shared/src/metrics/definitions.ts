const stages = ["ingest", "embed", "sink"] as const;
const all = [...stages, "api"] as const;

interface Definition {
  type: "counter" | "gauge" | "histogram";
  help: string;
  labels: readonly string[];
  /** Processes that expose it. */
  processes: readonly string[];
}

/**
 * Every metric of Millrace; `docs/monitoring.md` and the dashboards are generated from this list. Each also has the label
 * `service` (ingest, embed, sink or api), as do Node's own (`nodejs_…`, `process_…`).
 */
export const metricDefinitions = {
  millrace_build_info: {
    type: "gauge",
    help: "Always 1; the labels name the running version.",
    labels: ["version", "node"],
    processes: all,
  },
  millrace_ready: {
    type: "gauge",
    help: "1 once every dependency was reached, while none is unavailable.",
    labels: [],
    processes: all,
  },
  millrace_dependency_up: {
    type: "gauge",
    help: "1 while the dependency responds, 0 while the process waits for it.",
    labels: ["dependency"],
    processes: all,
  },
  millrace_messages_total: {
    type: "counter",
    help: "Messages completed: published by api, packed by ingest, embedded by embed, stored by sink.",
    labels: [],
    processes: all,
  },
  millrace_batches_total: {
    type: "counter",
    help: "Batches completed; in api, publish requests.",
    labels: [],
    processes: all,
  },
  millrace_bytes_total: {
    type: "counter",
    help: "Bytes of the completed batches' records; in api, of the published messages.",
    labels: [],
    processes: all,
  },
  millrace_operations_total: {
    type: "counter",
    help: "Operations by outcome, as in the logs: ok, retry or failed.",
    labels: ["operation", "status"],
    processes: all,
  },
  millrace_operation_duration_seconds: {
    type: "histogram",
    help: "Duration of successful operations. Quantiles are within 4 % between 0.1 ms and 10 s.",
    labels: ["operation"],
    processes: all,
  },
  millrace_operation_recent_seconds: {
    type: "gauge",
    help: "Recent duration of an operation on another service: the time-weighted mean of the last 10 s, or the age of the oldest one still running if greater.",
    labels: ["operation", "dependency"],
    processes: stages,
  },
  millrace_operation_slow_seconds: {
    type: "gauge",
    help: "SLOW_OPERATION_MS: operations with a recent duration above this are reported as slow.",
    labels: [],
    processes: stages,
  },
  millrace_retries_total: {
    type: "counter",
    help: "Failed attempts at an operation on another service that are retried, by reason.",
    labels: ["dependency", "code"],
    processes: stages,
  },
  millrace_dead_letters_total: {
    type: "counter",
    help: "Messages dead-lettered, by reason.",
    labels: ["code"],
    processes: stages,
  },
  millrace_in_flight_records: {
    type: "gauge",
    help: "Records fetched and not yet completed.",
    labels: [],
    processes: stages,
  },
  millrace_in_flight_bytes: {
    type: "gauge",
    help: "Bytes of the records fetched and not yet completed.",
    labels: [],
    processes: stages,
  },
  millrace_commit_failures_total: {
    type: "counter",
    help: "Offset commits that failed, other than those that a rebalance made stale.",
    labels: [],
    processes: stages,
  },
  millrace_lag_records: {
    type: "gauge",
    help: "Records of a topic not yet committed by the stage's consumer group.",
    labels: ["stage", "topic"],
    processes: ["api"],
  },
  millrace_publish_to_stored_seconds: {
    type: "histogram",
    help: "Time from a message's Kafka timestamp until it was indexed and its audit row written.",
    labels: [],
    processes: ["sink"],
  },
  millrace_postgres_connections: {
    type: "gauge",
    help: "Connections in the pool: busy or idle.",
    labels: ["state"],
    processes: ["sink", "api"],
  },
  millrace_postgres_connections_limit: {
    type: "gauge",
    help: "POSTGRES_POOL_MAX.",
    labels: [],
    processes: ["sink", "api"],
  },
  millrace_postgres_waiting: {
    type: "gauge",
    help: "Statements waiting for a pool connection.",
    labels: [],
    processes: ["sink", "api"],
  },
  millrace_tokens_packed_total: {
    type: "counter",
    help: "Tokens of the packed texts as counted against a request's limit: exact for long texts, an upper bound for short ones.",
    labels: [],
    processes: ["ingest"],
  },
  millrace_replays_unidentified_total: {
    type: "counter",
    help: "Replay records skipped: without dead-letter headers they identify no message.",
    labels: [],
    processes: ["ingest"],
  },
  millrace_embedding_cache_read_failures_total: {
    type: "counter",
    help: "Failed reads of the embedding cache; the texts were requested from the provider.",
    labels: [],
    processes: ["embed"],
  },
  millrace_embedder_utilization_ratio: {
    type: "gauge",
    help: "Share of the batch slots in use, from 0 to 1. Slots: EMBED_CONCURRENCY, or two per worker of the local provider.",
    labels: [],
    processes: ["embed"],
  },
  millrace_embedder_queued_batches: {
    type: "gauge",
    help: "Batches waiting for a slot.",
    labels: [],
    processes: ["embed"],
  },
  millrace_embedding_cache_texts_total: {
    type: "counter",
    help: "Texts looked up in the embedding cache: hit or miss. The local provider uses no cache.",
    labels: ["result"],
    processes: ["embed"],
  },
  millrace_embedding_tokens_total: {
    type: "counter",
    help: "Tokens paid for, as far as known; 0 for the local provider.",
    labels: ["model"],
    processes: ["embed"],
  },
  millrace_embedding_cost_dollars_total: {
    type: "counter",
    help: "Estimated cost in dollars: tokens times the model's price; absent for a model without a known price.",
    labels: ["model"],
    processes: ["embed"],
  },
  millrace_embedding_budget_left_dollars: {
    type: "gauge",
    help: "Remaining EMBEDDING_BUDGET_USD_PER_DAY today; absent without a budget.",
    labels: [],
    processes: ["embed"],
  },
  millrace_rate_limit: {
    type: "gauge",
    help: "The provider's limits per minute, of requests and of tokens; absent if it states none.",
    labels: ["kind"],
    processes: ["embed"],
  },
  millrace_rate_limit_left: {
    type: "gauge",
    help: "Remaining requests or tokens under millrace_rate_limit.",
    labels: ["kind"],
    processes: ["embed"],
  },
  millrace_http_requests_total: {
    type: "counter",
    help: "HTTP requests answered.",
    labels: ["method", "route", "status"],
    processes: ["api"],
  },
  millrace_stream_clients: {
    type: "gauge",
    help: "Clients streaming events, by WebSocket or server-sent events.",
    labels: [],
    processes: ["api"],
  },
  millrace_stream_missed_events_total: {
    type: "counter",
    help: "Events dropped for slow stream clients; each client is notified of its count.",
    labels: [],
    processes: ["api"],
  },
  millrace_iam_enabled: {
    type: "gauge",
    help: "1 if the process authenticates to the dependency with IAM.",
    labels: ["dependency"],
    processes: all,
  },
  millrace_aws_credentials_requests_total: {
    type: "counter",
    help: "Requests for AWS credentials to sign with: ok or failed.",
    labels: ["status"],
    processes: all,
  },
  millrace_aws_credentials_expiry_timestamp_seconds: {
    type: "gauge",
    help: "Expiry of the AWS credentials last signed with, in seconds since 1970; 0 if they don't expire.",
    labels: [],
    processes: all,
  },
} as const satisfies Record<string, Definition>;

export type MetricName = keyof typeof metricDefinitions;
type Definitions = typeof metricDefinitions;
export type LabelsOf<Name extends MetricName> = Record<Definitions[Name]["labels"][number], string>;
export type TypeOf<Name extends MetricName> = Definitions[Name]["type"];
