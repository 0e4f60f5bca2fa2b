import type { Dashboard } from "./grafana.ts";
import { graph, processRow, quantileOf, rateOf } from "./panels.ts";

const operations = 'millrace_operation_duration_seconds{service="api"}';

export const api: Dashboard = {
  name: "api",
  title: "Millrace: API",
  description: "Requests, their answers and their latency.",
  rows: [
    {
      title: "Requests",
      panels: [
        graph("By route", "reqps", "Answered requests per second.", {
          expr: rateOf("millrace_http_requests_total", "method, route"),
          legend: "{{method}} {{route}}",
        }),
        graph("By status", "reqps", "4xx: client errors; 500: a bug; other 5xx: a service is unavailable.", {
          expr: rateOf("millrace_http_requests_total", "status"),
          legend: "{{status}}",
        }),
        graph("Messages published", "reqps", "Acknowledged by Kafka.", {
          expr: rateOf('millrace_messages_total{service="api"}', "instance"),
          legend: "{{instance}}",
        }),
      ],
    },
    {
      title: "Latency",
      panels: [
        graph("p50", "s", "api.publish: until Kafka acknowledges; api.request: all routes together.", {
          expr: quantileOf(0.5, operations, ["operation"]),
          legend: "{{operation}}",
        }),
        graph("p99", "s", "1 in 100 took longer.", {
          expr: quantileOf(0.99, operations, ["operation"]),
          legend: "{{operation}}",
        }),
        graph("PostgreSQL connections", "short", "If all are busy and statements wait, raise POSTGRES_POOL_MAX.", {
          expr: 'sum by (state) (millrace_postgres_connections{service="api"})',
          legend: "{{state}}",
        }),
      ],
    },
    {
      title: "Streams",
      panels: [
        graph(
          "Clients",
          "short",
          "Connected by WebSocket or server-sent events; at most STREAM_CLIENTS_MAX per process.",
          {
            expr: "sum by (instance) (millrace_stream_clients)",
            legend: "{{instance}}",
          },
        ),
        graph("Events missed", "short", "Per second, by clients that read too slowly.", {
          expr: rateOf("millrace_stream_missed_events_total", "instance"),
          legend: "{{instance}}",
        }),
      ],
    },
    processRow("api"),
  ],
};
