import type { Panel, Query, Unit } from "./grafana.ts";

/** `$__rate_interval` is Grafana's: at least four scrapes long, at any zoom. */
export const RATE_INTERVAL = "$__rate_interval";

export function graph(title: string, unit: Unit, description: string, ...queries: Query[]): Panel {
  return { kind: "timeseries", title, unit, description, queries };
}

export function stat(title: string, unit: Unit, description: string, ...queries: Query[]): Panel {
  return { kind: "stat", title, unit, description, queries };
}

export function rateOf(metric: string, by: string): string {
  return `sum by (${by}) (rate(${metric}[${RATE_INTERVAL}]))`;
}

/** A quantile over all instances. */
export function quantileOf(quantile: number, histogram: string, by: readonly string[]): string {
  const [name = "", selector = ""] = histogram.split(/(?=\{)/);
  const series = `${name}_bucket${selector}`;
  return `histogram_quantile(${quantile}, ${rateOf(series, ["le", ...by].join(", "))})`;
}

/** Every process's metrics of its health and of Node. */
export function processRow(service: string) {
  const own = `{service="${service}"}`;
  return {
    title: "Process",
    panels: [
      graph("CPU", "percentunit", "Cores in use.", {
        expr: `rate(process_cpu_seconds_total${own}[${RATE_INTERVAL}])`,
        legend: "{{instance}}",
      }),
      graph("Memory", "bytes", "Resident memory of each instance.", {
        expr: `process_resident_memory_bytes${own}`,
        legend: "{{instance}}",
      }),
      graph("Event loop lag, p99", "s", "How late timers fire: above 0.1 s the process is short of CPU.", {
        expr: `nodejs_eventloop_lag_p99_seconds${own}`,
        legend: "{{instance}}",
      }),
      graph("Dependencies", "short", "1: answers; 0: the process is waiting for it.", {
        expr: `min by (dependency) (millrace_dependency_up${own})`,
        legend: "{{dependency}}",
      }),
    ],
  };
}
