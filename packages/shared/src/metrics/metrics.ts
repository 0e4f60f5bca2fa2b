import { collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { bucketBounds, type Latency } from "../latency.ts";
import { type LabelsOf, type MetricName, metricDefinitions, type TypeOf } from "./definitions.ts";

type Labels = Record<string, string>;
type ValueOf<Name extends MetricName> = TypeOf<Name> extends "histogram" ? Latency : number;
type Samples<Name extends MetricName> = Iterable<readonly [LabelsOf<Name>, ValueOf<Name>]>;

/** One line of the exposition format. */
interface Sample {
  metricName?: string;
  labels: Labels;
  /** Formatted once for all lines that share the object. */
  sharedLabels?: Labels;
  value: number;
}

/**
 * The metrics of `/metrics`. Counts are plain numbers, kept where things happen and read only when scraped: metrics cost
 * nothing while messages flow.
 */
export class Metrics {
  #registry = new Registry();

  constructor(service: string) {
    this.#registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Exposes a metric that has labels. */
  expose<Name extends MetricName>(name: Name, read: () => Samples<Name> | Promise<Samples<Name>>): void {
    const { type, help } = metricDefinitions[name];
    const values = async (): Promise<Sample[]> => [...(await read())].flatMap((sample) => linesOf(name, ...sample));
    const metric = { name, get: async () => ({ name, type, help, values: await values(), aggregator: "sum" }) };
    // All that a registry needs of a metric, though its types allow only the classes that store the values themselves.
    this.#registry.registerMetric(metric as unknown as Metric);
  }

  /** Exposes a metric without labels. */
  exposeOne<Name extends MetricName>(name: Name, read: () => ValueOf<Name>): void {
    this.expose(name, () => [[{} as LabelsOf<Name>, read()]]);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function linesOf(name: string, labels: Labels, value: number | Latency): Sample[] {
  if (typeof value === "number") return [{ labels, value }];
  const buckets = value.cumulative.map((count, bucket) => ({
    metricName: `${name}_bucket`,
    labels: { le: String(bucketBounds[bucket]) },
    sharedLabels: labels,
    value: count,
  }));
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { le: "+Inf" }, sharedLabels: labels, value: value.count },
    { metricName: `${name}_sum`, labels, value: value.sumSeconds },
    { metricName: `${name}_count`, labels, value: value.count },
  ];
}
