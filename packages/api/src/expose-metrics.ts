import type { Metrics } from "@millrace/shared";
import { exposeWork } from "@millrace/stage";
import type { EventsEdges } from "./events/edges.ts";
import type { HttpRequests } from "./http-requests.ts";
import { attempt } from "./outcome.ts";
import type { HealthEdges } from "./routes/health.ts";
import type { PublishEdges } from "./routes/publish.ts";
import type { StatusEdges } from "./routes/status.ts";

type MetricsEdges = Pick<PublishEdges, "published"> &
  Pick<EventsEdges, "streams"> &
  Pick<StatusEdges, "readLag"> &
  Pick<HealthEdges, "probes">;

/** An unavailable service must not delay a scrape. */
const LAG_WAIT_MS = 500;

/** The api's own metrics, beside those of every process: requests, stream clients and the stages' lag. */
export function exposeMetrics(metrics: Metrics, edges: MetricsEdges, requests: HttpRequests): void {
  exposeWork(metrics, edges.published);
  metrics.expose("millrace_http_requests_total", () =>
    [...requests.counts()].map(({ request, count }) => [{ ...request, status: String(request.status) }, count]),
  );
  metrics.exposeOne("millrace_stream_clients", () => edges.streams.joined);
  metrics.exposeOne("millrace_stream_missed_events_total", () => edges.streams.missed);
  metrics.expose("millrace_lag_records", async () => {
    // The probes record their results in the process's health, for this scrape or the next.
    for (const probe of Object.values(edges.probes)) void probe();
    const lag = await attempt(edges.readLag, LAG_WAIT_MS);
    return "fault" in lag ? [] : lagSamples(lag.value);
  });
}

function lagSamples(lag: Awaited<ReturnType<StatusEdges["readLag"]>>) {
  return Object.entries(lag).flatMap(([stage, { topics }]) =>
    Object.entries(topics).flatMap(([topic, records]) =>
      records === null ? [] : [[{ stage, topic }, records] as const],
    ),
  );
}
