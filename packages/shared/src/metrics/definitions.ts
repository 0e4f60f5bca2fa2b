const stages = ["ingest", "embed", "sink"] as const;
const all = [...stages, "api"] as const;

interface Definition {
  type: "counter" | "gauge" | "histogram";
  help: string;
  labels: readonly string[];
  /** The processes that expose it. */
  processes: readonly string[];
}

/**
 * Every metric of Millrace; `docs/monitoring.md` and the dashboards are made from this list. Each has the label `service`
 * besides (ingest, embed, sink or api), and so have Node's own (`nodejs_…`, `process_…`).
 */
export const metricDefinitions = {
  millrace_build_info: {
    type: "gauge",
    help: "Always 1; the labels say what runs.",
    labels: ["version", "node"],
    processes: all,
  },
  millrace_ready: {
    type: "gauge",
    help: "1 while every dependency was reached and none is waited for.",
    labels: [],
    processes: all,
  },
  millrace_dependency_up: {
    type: "gauge",
    help: "1 while the dependency answers, 0 while the process waits for it.",
    labels: ["dependency"],
    processes: all,
  },
  millrace_messages_total: {
    type: "counter",
    help: "Messages done: published by api, packed by ingest, embedded by embed, stored by sink.",
    labels: [],
    processes: all,
  },
  millrace_batches_total: {
    type: "counter",
    help: "Batches done; in api, requests that published.",
    labels: [],
    processes: all,
  },
  millrace_bytes_total: {
    type: "counter",
    help: "Bytes of the batches done: their records', or in api the published messages'.",
    labels: [],
    processes: all,
  },
  millrace_operations_total: {
    type: "counter",
    help: "Operations by their outcome, as in the logs: ok, retry or failed.",
    labels: ["operation", "status"],
    processes: all,
  },
  millrace_operation_duration_seconds: {
    type: "histogram",
    help: "Time that operations took which ended well. Quantiles are within 4 % between 0.1 ms and 10 s.",
    labels: ["operation"],
    processes: all,
  },
  millrace_operation_recent_seconds: {
    type: "gauge",
    help: "What an operation on another service took in the last 10 s (time-weighted mean), or the age of the oldest under way if that is more.",
    labels: ["operation", "dependency"],
    processes: stages,
  },
  millrace_operation_slow_seconds: {
    type: "gauge",
    help: "SLOW_OPERATION_MS: an operation whose recent time is above this is reported as slow.",
    labels: [],
    processes: stages,
  },
  millrace_retries_total: {
    type: "counter",
    help: "Attempts at an operation on another service that have to be repeated, by the reason.",
    labels: ["dependency", "code"],
    processes: stages,
  },
  millrace_dead_letters_total: {
    type: "counter",
    help: "Messages given up, by the reason.",
    labels: ["code"],
    processes: stages,
  },
  millrace_in_flight_records: {
    type: "gauge",
    help: "Records that were fetched and are not done.",
    labels: [],
    processes: stages,
  },
  millrace_in_flight_bytes: {
    type: "gauge",
    help: "Bytes of the records that were fetched and are not done.",
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
    help: "Records of a topic that the stage's consumer group has not committed.",
    labels: ["stage", "topic"],
    processes: ["api"],
  },
  millrace_publish_to_stored_seconds: {
    type: "histogram",
    help: "Time from a message's Kafka timestamp until it was indexed and recorded.",
    labels: [],
    processes: ["sink"],
  },
  millrace_postgres_connections: {
    type: "gauge",
    help: "Connections of the pool: busy or idle.",
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
    help: "Statements that wait for a connection of the pool.",
    labels: [],
    processes: ["sink", "api"],
  },
  millrace_tokens_packed_total: {
    type: "counter",
    help: "Tokens of the packed texts as the request's budget counts them: exact for long texts, an upper bound for short ones.",
    labels: [],
    processes: ["ingest"],
  },
  millrace_replays_unidentified_total: {
    type: "counter",
    help: "Records of the replay topic that were skipped: without dead-letter headers they identify no message.",
    labels: [],
    processes: ["ingest"],
  },
  millrace_embedding_cache_read_failures_total: {
    type: "counter",
    help: "Reads of the embedding cache that failed; their texts were embedded again.",
    labels: [],
    processes: ["embed"],
  },
  millrace_embedder_utilization_ratio: {
    type: "gauge",
    help: "Share of the places for batches that are taken, from 0 to 1: EMBED_CONCURRENCY, or two for each worker of the local provider.",
    labels: [],
    processes: ["embed"],
  },
  millrace_embedder_queued_batches: {
    type: "gauge",
    help: "Batches that wait for such a place.",
    labels: [],
    processes: ["embed"],
  },
  millrace_embedding_cache_texts_total: {
    type: "counter",
    help: "Texts that were looked up in the embedding cache: hit or miss. The local provider needs no cache.",
    labels: ["result"],
    processes: ["embed"],
  },
  millrace_embedding_tokens_total: {
    type: "counter",
    help: "Tokens that the provider was paid for, as far as is known; 0 for the local provider.",
    labels: ["model"],
    processes: ["embed"],
  },
  millrace_embedding_cost_dollars_total: {
    type: "counter",
    help: "Estimated dollars: the tokens at the model's price; absent for a model without a known price.",
    labels: ["model"],
    processes: ["embed"],
  },
  millrace_embedding_budget_left_dollars: {
    type: "gauge",
    help: "What is left of EMBEDDING_BUDGET_USD_PER_DAY today; absent without such a budget.",
    labels: [],
    processes: ["embed"],
  },
  millrace_rate_limit: {
    type: "gauge",
    help: "The provider's limit a minute, of requests and of tokens; absent where it states none.",
    labels: ["kind"],
    processes: ["embed"],
  },
  millrace_rate_limit_left: {
    type: "gauge",
    help: "What is left of that limit by now.",
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
    help: "Clients that follow events, by WebSocket or server-sent events.",
    labels: [],
    processes: ["api"],
  },
  millrace_stream_missed_events_total: {
    type: "counter",
    help: "Events that clients missed because they took them too slowly; each was told how many.",
    labels: [],
    processes: ["api"],
  },
  millrace_iam_enabled: {
    type: "gauge",
    help: "1 where the process authenticates to the dependency by IAM.",
    labels: ["dependency"],
    processes: all,
  },
  millrace_aws_credentials_requests_total: {
    type: "counter",
    help: "Times that AWS credentials were asked for to sign with: ok or failed.",
    labels: ["status"],
    processes: all,
  },
  millrace_aws_credentials_expiry_timestamp_seconds: {
    type: "gauge",
    help: "When the AWS credentials last signed with end, in seconds since 1970; 0 without such an end.",
    labels: [],
    processes: all,
  },
} as const satisfies Record<string, Definition>;

export type MetricName = keyof typeof metricDefinitions;
type Definitions = typeof metricDefinitions;
export type LabelsOf<Name extends MetricName> = Record<Definitions[Name]["labels"][number], string>;
export type TypeOf<Name extends MetricName> = Definitions[Name]["type"];
