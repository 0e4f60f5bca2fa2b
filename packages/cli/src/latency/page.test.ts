import { expect, test } from "vitest";
import { LatencyCollector } from "./collect.ts";
import { latencyPage } from "./page.ts";

const startMs = Date.parse("2026-01-31T12:00:00Z");

function collected(): LatencyCollector {
  const collector = new LatencyCollector();
  for (let second = 0; second < 5; second++) {
    const time = new Date(startMs + second * 1_000).toISOString();
    const details = { messages: 10, endToEndMs: { [100 + second]: 10 } };
    collector.add(
      JSON.stringify({ time, service: "sink", action: "sink.batch", status: "ok", durationMs: 9, details }),
    );
  }
  return collector;
}

test("the page contains everything that its plots draw, and requests nothing from a server", () => {
  const page = latencyPage(collected());
  expect(page).not.toMatch(/\b(src|href)=|@import|url\(/);
  expect(page).toContain("default-src 'none'");
  const [, json = ""] = /<script type="application\/json" id="plots">(.*)<\/script>/.exec(page) ?? [];
  const plots = JSON.parse(json);
  expect(plots).toMatchObject([
    { title: "Latency over time, p50", series: ["sink.batch", "publish → stored"] },
    { title: "Latency over time, p99", series: ["sink.batch", "publish → stored"] },
    { title: "Distribution of each operation", series: ["sink sink.batch", "publish → stored"] },
    { title: "Throughput", series: ["sink.batch"], data: [expect.anything(), [10, 10, 10, 10, 10]] },
  ]);
  for (const { data, series } of plots) expect(data).toHaveLength(series.length + 1);
});

test("a report without operations still renders", () => {
  expect(latencyPage(new LatencyCollector())).toContain("0 operations read");
});
