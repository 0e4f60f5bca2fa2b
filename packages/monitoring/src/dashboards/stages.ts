import type { Dashboard } from "./grafana.ts";
import { graph, processRow, quantileOf, rateOf } from "./panels.ts";

export const ingest = stage("ingest", "Source topics → batches.", {
  title: "Batches",
  panels: [
    graph("Messages per batch", "short", "Few: the load is low, or BATCH_LINGER_MS short.", {
      expr: `${rateOf('millrace_messages_total{service="ingest"}', "service")} / ${rateOf('millrace_batches_total{service="ingest"}', "service")}`,
      legend: "messages",
    }),
    graph("Tokens", "reqps", "Packed each second, as the embeddings request's budget counts them.", {
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
        "Places for batches",
        "percentunit",
        "Share of them that are taken; 1 for long: raise EMBED_CONCURRENCY, or add workers or processes.",
        {
          expr: "avg(millrace_embedder_utilization_ratio)",
          legend: "taken",
        },
      ),
      graph("Batches waiting for a place", "short", "More than a few for long: the provider is the bottleneck.", {
        expr: "sum(millrace_embedder_queued_batches)",
        legend: "batches",
      }),
      graph("Cache", "reqps", "Texts that were paid for before, and texts that were not.", {
        expr: rateOf("millrace_embedding_cache_texts_total", "result"),
        legend: "{{result}}",
      }),
    ],
  },
  {
    title: "Provider",
    panels: [
      graph("Rate limit left", "percentunit", "Of the provider's limits a minute; near 0 they bound the throughput.", {
        expr: "min by (kind) (millrace_rate_limit_left) / max by (kind) (millrace_rate_limit)",
        legend: "{{kind}}",
      }),
      graph(
        "Dollars",
        "currencyUSD",
        "Estimated cost of the last day, and what is left of today's budget.",
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
    graph("Writes, p99", "s", "The bulk write and the insert of a batch.", {
      expr: quantileOf(0.99, 'millrace_operation_duration_seconds{operation=~"sink.bulk_write|sink.insert"}', [
        "operation",
      ]),
      legend: "{{operation}}",
    }),
    graph(
      "PostgreSQL connections",
      "short",
      "All busy and statements waiting: raise POSTGRES_POOL_MAX.",
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

/** What all stages have in common, and what one has of its own. */
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
          graph("Messages", "reqps", "Done by each instance.", {
            expr: rateOf(`millrace_messages_total${selector}`, "instance"),
            legend: "{{instance}}",
          }),
          graph("Lag", "short", "Records that the stage has not committed.", {
            expr: `max by (topic) (millrace_lag_records{stage="${service}"})`,
            legend: "{{topic}}",
          }),
          graph("In flight", "short", "Records fetched and not done; at the limit, fetching waits.", {
            expr: `sum by (instance) (millrace_in_flight_records${selector})`,
            legend: "{{instance}}",
          }),
          graph("In flight, bytes", "bytes", "Bytes of the records fetched and not done.", {
            expr: `sum by (instance) (millrace_in_flight_bytes${selector})`,
            legend: "{{instance}}",
          }),
        ],
      },
      ...own,
      {
        title: "Operations",
        panels: [
          graph("p50", "s", "Half of them took longer.", {
            expr: quantileOf(0.5, `millrace_operation_duration_seconds${selector}`, ["operation"]),
            legend: "{{operation}}",
          }),
          graph("p99", "s", "One of a hundred took longer.", {
            expr: quantileOf(0.99, `millrace_operation_duration_seconds${selector}`, ["operation"]),
            legend: "{{operation}}",
          }),
          graph("Retries", "reqps", "Attempts that have to be repeated.", {
            expr: rateOf(`millrace_retries_total${selector}`, "dependency, code"),
            legend: "{{dependency}}: {{code}}",
          }),
          graph("Dead letters", "reqps", "Messages given up here.", {
            expr: rateOf(`millrace_dead_letters_total${selector}`, "code"),
            legend: "{{code}}",
          }),
        ],
      },
      processRow(service),
    ],
  };
}
