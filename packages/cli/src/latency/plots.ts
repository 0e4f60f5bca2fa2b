import type { Distribution } from "@millrace/shared";
import { END_TO_END, type LatencyCollector } from "./collect.ts";

/** What uPlot draws: the values of the x axis, then one row per series. */
export interface Plot {
  title: string;
  xLabel: string;
  yLabel: string;
  /** The x axis is time in seconds since 1970; otherwise a percentage. */
  isTime: boolean;
  isLogarithmic: boolean;
  series: string[];
  data: (number | null)[][];
}

const percentiles = [0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 99.5, 99.9, 100];

/** Latency over time, the distribution of each operation, and the throughput. */
export function plotsOf(collector: LatencyCollector): Plot[] {
  const { timeline, tallies, endToEnd } = collector;
  const slots = timeline.slots;
  const series = [...new Set([...tallies.map(({ action }) => action), END_TO_END])].filter((name) =>
    slots.some(({ cells }) => cells.has(name)),
  );
  const carrying = series.filter((name) => slots.some(({ cells }) => (cells.get(name)?.messages ?? 0) > 0));
  const times = slots.map(({ atMs }) => atMs / 1_000);
  const overTime = (quantile: number): (number | null)[][] =>
    series.map((name) => slots.map(({ cells }) => cells.get(name)?.latency.quantileMs(quantile) ?? null));
  const time = { xLabel: "time", isTime: true };
  const latency = { yLabel: "milliseconds", isLogarithmic: true };
  return [
    { title: "Latency over time, p50", ...time, ...latency, series, data: [times, ...overTime(0.5)] },
    { title: "Latency over time, p99", ...time, ...latency, series, data: [times, ...overTime(0.99)] },
    distributionPlot([
      ...tallies.map(({ stage, action, latency }) => [`${stage} ${action}`, latency] as const),
      [END_TO_END, endToEnd],
    ]),
    {
      title: "Throughput",
      ...time,
      yLabel: "messages a second",
      isLogarithmic: false,
      series: carrying,
      data: [
        times,
        ...carrying.map((name) =>
          slots.map(({ cells }) => ((cells.get(name)?.messages ?? 0) * 1_000) / timeline.slotMs),
        ),
      ],
    },
  ];
}

function distributionPlot(distributions: readonly (readonly [name: string, distribution: Distribution])[]): Plot {
  const some = distributions.filter(([, { count }]) => count > 0);
  return {
    title: "Distribution of each operation",
    xLabel: "% of operations that are faster",
    yLabel: "milliseconds",
    isTime: false,
    isLogarithmic: true,
    series: some.map(([name]) => name),
    data: [percentiles, ...some.map(([, each]) => percentiles.map((percent) => each.quantileMs(percent / 100)))],
  };
}
