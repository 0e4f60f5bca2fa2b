import { expect, test } from "vitest";
import { createTopics, isolated, openTestApp, postJson, until } from "./support.ts";

test("exposes published messages, requests by route, lag and the services' state", async () => {
  await using api = openTestApp(isolated());
  const [topic = ""] = api.config.KAFKA_TOPICS;
  await createTopics(api.config, [topic]);
  const publish = () => api.app.request("/publish", postJson([{ text: "one" }, { text: "two" }]));
  await until(async () => (await publish()).status === 202);
  await api.app.request("/search?q=");
  const scrape = async () => (await api.app.request("/metrics")).text();
  await until(async () =>
    (await scrape()).includes(`millrace_lag_records{stage="ingest",topic="${topic}",service="api"} 2`),
  );
  await until(async () => (await scrape()).includes('millrace_dependency_up{dependency="opensearch",service="api"} 1'));
  const text = await scrape();
  for (const line of [
    'millrace_messages_total{service="api"} 2',
    'millrace_bytes_total{service="api"} 6',
    'millrace_http_requests_total{method="GET",route="/search",status="400",service="api"} 1',
    'millrace_operation_duration_seconds_count{operation="api.publish",service="api"} 1',
  ]) {
    expect(text).toContain(line);
  }
});
