import { metricDefinitions } from "@millrace/shared";
import { type EmbeddingsApi, startEmbeddingsApi } from "@millrace/testbed";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { toGrafana } from "../src/dashboards/grafana.ts";
import { dashboards } from "../src/dashboards/index.ts";
import { openMonitoredPipeline } from "./monitored-pipeline.ts";
import { readRules } from "./rule-files.ts";

let provider: EmbeddingsApi;
/**
 * The doctors of embed and of the api request a word each, and retry if that failed: the requests of embed's doctor are
 * not in embed's metrics.
 */
const PROBED_TOKENS_MAX = 10;
let monitored: Awaited<ReturnType<typeof openMonitoredPipeline>>;

beforeAll(async () => {
  // With a price and limits, so that their metrics exist too.
  provider = await startEmbeddingsApi({ requestsPerMinute: 3_000, tokensPerMinute: 1_000_000 });
  monitored = await openMonitoredPipeline(inject("stack"), {
    EMBEDDING_PROVIDER: "openai",
    OPENAI_API_KEY: "fake",
    OPENAI_BASE_URL: provider.baseUrl,
    EMBEDDING_BUDGET_USD_PER_DAY: "1",
  });
  const { prometheus, publish } = monitored;
  await publish(Array.from({ length: 50 }, (_, index) => `message ${index}`));
  const scraped = async () => {
    expect(await prometheus.query('millrace_messages_total{service="sink"} == 50')).toHaveLength(1);
    // And the rules were evaluated on it.
    expect(await prometheus.query("millrace_publish_to_stored_seconds:p99_rate5m")).toHaveLength(1);
  };
  await vi.waitFor(scraped, { timeout: 60_000, interval: 500 });
});

afterAll(async () => {
  await monitored?.resources.disposeAsync();
  await provider?.[Symbol.asyncDispose]();
});

const rules = await readRules();

test.each(dashboards.map((dashboard) => [dashboard.name, dashboard] as const))(
  "the dashboard %s is valid, and uses only metrics that a running pipeline exposes",
  async (_, { rows }) => {
    const queries = rows.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries));
    for (const { expr } of queries) await expectKnown(expr.replaceAll("$__rate_interval", "1m"));
  },
);

test("the rules are valid, and use only metrics that a running pipeline exposes", async () => {
  for (const { expr } of rules) await expectKnown(expr);
});

async function expectKnown(expression: string): Promise<void> {
  await monitored.prometheus.query(expression);
  const selectors = selectorsOf(expression);
  expect(selectors.length, expression).toBeGreaterThan(0);
  for (const selector of selectors) {
    // A recording rule's series appears after the evaluation that follows two scrapes of its sources.
    const series = () => monitored.prometheus.query(selector);
    await expect.poll(series, { message: selector, timeout: 30_000, interval: 500 }).not.toEqual([]);
  }
}

/** `name{labels}` and `name` of every metric in an expression. */
function selectorsOf(expression: string): string[] {
  const found = expression.matchAll(/(?<![\w$"])((?:\w+:)?(?:millrace|process|nodejs)_[\w:]+|up)\b(\{[^}]*\})?/g);
  return [...found].map(([, name = "", labels = ""]) => name + labels);
}

test("every documented metric is exposed by the processes that the documentation names", async () => {
  const names = await monitored.prometheus.metricNames();
  for (const [name, { type, processes }] of Object.entries(metricDefinitions)) {
    const series = type === "histogram" ? `${name}_count` : name;
    expect(names).toContain(series);
    const services = (await monitored.prometheus.query(`count by (service) (${series})`)).map(
      ({ metric }) => metric.service,
    );
    expect(services.toSorted(), name).toEqual([...processes].toSorted());
  }
});

test("the cost is shown in tokens and dollars", async () => {
  const untold = async (): Promise<number> => {
    const { tokens } = (await provider.stats()).embedded;
    expect(tokens).toBeGreaterThan(10 * PROBED_TOKENS_MAX);
    const [shown] = await monitored.prometheus.query("millrace_embedding_tokens_total");
    return tokens - Number(shown?.value[1]);
  };
  await expect.poll(untold, { timeout: 15_000, interval: 500 }).toBeLessThanOrEqual(PROBED_TOKENS_MAX);
  expect(await untold()).toBeGreaterThanOrEqual(0);
  expect(await monitored.prometheus.query("millrace_embedding_cost_dollars_total > 0")).toHaveLength(1);
  expect(await monitored.prometheus.query("0 < millrace_embedding_budget_left_dollars < 1")).toHaveLength(1);
});

test("a metric that no process exposes would be noticed", async () => {
  expect(selectorsOf('rate(millrace_nothing_total{service="x"}[1m])')).toEqual(['millrace_nothing_total{service="x"}']);
  expect(await monitored.prometheus.query('millrace_nothing_total{service="x"}')).toEqual([]);
  await expect(monitored.prometheus.query("rate(millrace_ready")).rejects.toThrow("parse error");
});

test("panels do not overlap, and each has a description", () => {
  for (const dashboard of dashboards) {
    const { panels } = toGrafana(dashboard) as { panels: { gridPos: Record<"x" | "y" | "w" | "h", number> }[] };
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { x, w } of panels.map(({ gridPos }) => gridPos))
      expect(Number.isInteger(x) && Number.isInteger(w)).toBe(true);
    for (const panel of dashboard.rows.flatMap((row) => row.panels)) expect(panel.description).toMatch(/\.$/);
  }
});
