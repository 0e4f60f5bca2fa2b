import type { Dashboard } from "./grafana.ts";
import { graph, processRow, quantileOf, rateOf } from "./panels.ts";

export const ingest = stage("ingest", "Source topics → batches.", {
  title: "Batches",
  panels: [
    graph("Messages per batch", "short", "Few: the load is low, or BATCH_LINGER_MS is short.", {
      expr: `${rateOf('millrace_messages_total{service="ingest"}', "service")} / ${rateOf('millrace_batches_total{service="ingest"}', "service")}`,
      legend: "messages",
    }),
    graph("Tokens", "reqps", "Packed per second, as the budget of an embeddings request counts them.", {
      expr: rateOf("millrace_tokens_packed_total", "service"),
      legend: "tokens/s",
    }),
  ],
});

export const embed = stage(
  "embed",
  "Batches → vectors.",
  {
    title: "Batches",
    panels: [
      graph(
        "Batch slots in use",
        "percentunit",
        "Share of the slots in use. If it stays at 1, raise EMBED_CONCURRENCY, or add workers or processes.",
        {
          expr: "avg(millrace_embedder_utilization_ratio)",
          legend: "in use",
        },
      ),
      graph("Batches waiting for a slot", "short", "If more than a few keep waiting, the provider is the bottleneck.", {
        expr: "sum(millrace_embedder_queued_batches)",
        legend: "batches",
      }),
      graph("Cache", "reqps", "Texts found in the cache, and texts that must be embedded.", {
        expr: rateOf("millrace_embedding_cache_texts_total", "result"),
        legend: "{{result}}",
      }),
    ],
  },
  {
    title: "Provider",
    panels: [
      graph(
        "Rate limit left",
        "percentunit",
        "Share of the provider's limits per minute; near 0 they bound the throughput.",
        {
          expr: "min by (kind) (millrace_rate_limit_left) / max by (kind) (millrace_rate_limit)",
          legend: "{{kind}}",
        },
      ),
      graph(
        "Dollars",
        "currencyUSD",
        "Estimated cost of the last 24 hours, and what is left of today's budget.",
        {
          expr: "sum by (model) (increase(millrace_embedding_cost_dollars_total[1d]))",
          legend: "spent on {{model}}",
        },
        { expr: "min(millrace_embedding_budget_left_dollars)", legend: "left today" },
      ),
    ],
  },
);

export const sink = stage("sink", "Vectors → OpenSearch and PostgreSQL.", {
  title: "Stores",
  panels: [
    graph("Writes, p99", "s", "Bulk write and insert of a batch.", {
      expr: quantileOf(0.99, 'millrace_operation_duration_seconds{operation=~"sink.bulk_write|sink.insert"}', [
        "operation",
      ]),
      legend: "{{operation}}",
    }),
    graph(
      "PostgreSQL connections",
      "short",
      "If all are busy and statements wait, raise POSTGRES_POOL_MAX.",
      {
        expr: 'sum by (state) (millrace_postgres_connections{service="sink"})',
        legend: "{{state}}",
      },
      {
        expr: 'sum(millrace_postgres_waiting{service="sink"})',
        legend: "statements waiting",
      },
    ),
  ],
});

/** Panels of every stage, and those specific to one. */
function stage(service: string, sentence: string, ...own: Dashboard["rows"]): Dashboard {
  const selector = `{service="${service}"}`;
  return {
    name: service,
    title: `Millrace: ${service}`,
    description: sentence,
    rows: [
      {
        title: "Work",
        panels: [
          graph("Messages", "reqps", "Finished by each instance.", {
            expr: rateOf(`millrace_messages_total${selector}`, "instance"),
            legend: "{{instance}}",
          }),
          graph("Lag", "short", "Records that the stage has not committed yet.", {
            expr: `max by (topic) (millrace_lag_records{stage="${service}"})`,
            legend: "{{topic}}",
          }),
          graph("In flight", "short", "Records fetched and not finished; at the limit, fetching pauses.", {
            expr: `sum by (instance) (millrace_in_flight_records${selector})`,
            legend: "{{instance}}",
          }),
          graph("In flight, bytes", "bytes", "Bytes of the records fetched and not finished.", {
            expr: `sum by (instance) (millrace_in_flight_bytes${selector})`,
            legend: "{{instance}}",
          }),
        ],
      },
      ...own,
      {
        title: "Operations",
        panels: [
          graph("p50", "s", "Half took longer.", {
            expr: quantileOf(0.5, `millrace_operation_duration_seconds${selector}`, ["operation"]),
            legend: "{{operation}}",
          }),
          graph("p99", "s", "1 in 100 took longer.", {
            expr: quantileOf(0.99, `millrace_operation_duration_seconds${selector}`, ["operation"]),
            legend: "{{operation}}",
          }),
          graph("Retries", "reqps", "Attempts that are retried.", {
            expr: rateOf(`millrace_retries_total${selector}`, "dependency, code"),
            legend: "{{dependency}}: {{code}}",
          }),
          graph("Dead letters", "reqps", "Messages that this stage dead-lettered.", {
            expr: rateOf(`millrace_dead_letters_total${selector}`, "code"),
            legend: "{{code}}",
          }),
        ],
      },
      processRow(service),
    ],
  };
}
