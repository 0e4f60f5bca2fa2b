import type { Dashboard } from "./grafana.ts";
import { graph, quantileOf, rateOf, stat } from "./panels.ts";

export const pipeline: Dashboard = {
  name: "pipeline",
  title: "Millrace: pipeline",
  description: "Whether the pipeline works, how fast it is, and where messages wait.",
  rows: [
    {
      title: "Now",
      panels: [
        stat("Stored", "reqps", "Messages indexed and recorded per second.", {
          expr: rateOf('millrace_messages_total{service="sink"}', "service"),
          legend: "messages/s",
        }),
        stat("Publish → stored, p99", "s", "From a message's Kafka timestamp until both stores have it.", {
          expr: quantileOf(0.99, "millrace_publish_to_stored_seconds", []),
          legend: "p99",
        }),
        stat("Waiting", "short", "Records that a stage has not committed yet.", {
          expr: "sum(max by (stage, topic) (millrace_lag_records))",
          legend: "records",
        }),
        stat("Dead letters, 1 h", "short", "Messages dead-lettered in the last hour.", {
          expr: "sum(increase(millrace_dead_letters_total[1h]))",
          legend: "messages",
        }),
      ],
    },
    {
      title: "Flow",
      panels: [
        graph(
          "Messages",
          "reqps",
          "Published, packed, embedded, stored: a line that falls below the one before it shows where work piles up.",
          {
            expr: rateOf("millrace_messages_total", "service"),
            legend: "{{service}}",
          },
        ),
        graph("Lag", "short", "Records of each topic that its stage has not committed yet.", {
          expr: "max by (stage, topic) (millrace_lag_records)",
          legend: "{{stage}}: {{topic}}",
        }),
        graph("Bytes", "Bps", "Bytes of the finished batches.", {
          expr: rateOf("millrace_bytes_total", "service"),
          legend: "{{service}}",
        }),
      ],
    },
    {
      title: "Latency",
      panels: [
        graph("Operations, p99", "s", "Successful operations, by the actions of the log.", {
          expr: quantileOf(0.99, "millrace_operation_duration_seconds", ["service", "operation"]),
          legend: "{{operation}} ({{service}})",
        }),
        graph(
          "Publish → stored",
          "s",
          "What a user waits for.",
          ...[0.5, 0.9, 0.99].map((quantile) => ({
            expr: quantileOf(quantile, "millrace_publish_to_stored_seconds", []),
            legend: `p${quantile * 100}`,
          })),
        ),
        graph("Requests to other services", "s", "Recent duration; a request that hangs grows until it ends.", {
          expr: "max by (operation, dependency) (millrace_operation_recent_seconds)",
          legend: "{{operation}} → {{dependency}}",
        }),
      ],
    },
    {
      title: "Faults",
      panels: [
        graph("Retries", "reqps", "Attempts that are retried: a service is unavailable, slow or refuses.", {
          expr: rateOf("millrace_retries_total", "dependency, code"),
          legend: "{{dependency}}: {{code}}",
        }),
        graph("Dead letters", "reqps", "Messages dead-lettered, by reason.", {
          expr: rateOf("millrace_dead_letters_total", "service, code"),
          legend: "{{service}}: {{code}}",
        }),
        graph("Dependencies", "short", "1: answers; 0: a process is waiting for it.", {
          expr: "min by (service, dependency) (millrace_dependency_up)",
          legend: "{{service}} → {{dependency}}",
        }),
      ],
    },
  ],
};
