import type { Bench, Section } from "../bench.ts";
import { type Ceiling, encodeBodies, type FormatName, measureCeiling } from "../ceiling.ts";
import { type Drained, drain, stageNames } from "../drain.ts";
import { type IndexKind, indexKinds } from "../index-kinds.ts";
import { Rounds, type Row } from "../table.ts";

const LATENCIES_MS = [0, 100];
/** Lets the services compile their code; the pipeline's processes are new in each measurement. */
const WARM_UP_MESSAGES = 2_048;
const FORMATS: FormatName[] = ["json", "smile"];

/** Measures the pipeline against the ceiling of the same OpenSearch, in the same run. */
export async function throughput(bench: Bench): Promise<Section[]> {
  bench.say("warming the services up …");
  await drain({ ...bench, messages: WARM_UP_MESSAGES }, { index: "flat" });
  const sections: Section[] = [];
  for (const kind of indexKinds) sections.push(...(await measureKind(bench, kind)));
  return sections;
}

async function measureKind(bench: Bench, kind: IndexKind): Promise<Section[]> {
  const rates = new Rounds<Record<string, number>>();
  const processors = new Rounds<Record<string, number>>();
  const resources = new Rounds<Record<string, number>>();
  const operations = new Rounds<Record<string, number>>();
  for (let run = 1; run <= bench.runs; run++) {
    const ceilings = await measureCeilings(bench, kind, run);
    for (const format of FORMATS) rates.add(`ceiling, ${format.toUpperCase()}`, rateOf(ceilings[format]));
    for (const latencyMs of LATENCIES_MS) {
      const name = `pipeline, API ${latencyMs} ms`;
      bench.say(`${kind}, run ${run}: ${name} …`);
      const drained = await drain(bench, { index: kind, api: { latencyMs } });
      bench.say(`  ${Math.round(drained.messagesPerS)} messages/s`);
      rates.add(name, ratios(drained, ceilings));
      processors.add(name, processorFigures(drained));
      resources.add(name, resourceFigures(bench, drained));
      for (const { stage, action, latency } of drained.latencies.tallies) {
        if (latency.count > 0) operations.add(`${stage}, ${action}, API ${latencyMs} ms`, quantiles(latency));
      }
    }
  }
  const section = (title: string, rows: Row[]): Section => ({ title: `${kind}: ${title}`, rowTitle: kind, rows });
  return [
    section("throughput", rates.rows),
    section("processor time, µs a message", processors.rows),
    section("requests and memory", resources.rows),
    section("operations, ms", operations.rows),
  ];
}

async function measureCeilings(bench: Bench, kind: IndexKind, run: number): Promise<Record<FormatName, Ceiling>> {
  const best = async (format: FormatName): Promise<Ceiling> => {
    const bodies = encodeBodies(bench, format);
    const tried: Ceiling[] = [];
    for (const concurrency of bench.concurrencies) {
      bench.say(`${kind}, run ${run}: ceiling, ${format}, ${concurrency} at once …`);
      tried.push(await measureCeiling(bench, kind, format, bodies, concurrency));
      bench.say(`  ${Math.round(tried.at(-1)?.messagesPerS ?? 0)} documents/s`);
    }
    return tried.reduce((one, other) => (other.messagesPerS > one.messagesPerS ? other : one));
  };
  return { json: await best("json"), smile: await best("smile") };
}

function rateOf({ messagesPerS, openSearchMicroseconds }: Ceiling) {
  return { "messages/s": messagesPerS, "OpenSearch µs": openSearchMicroseconds };
}

function ratios({ messagesPerS, microseconds }: Drained, ceilings: Record<FormatName, Ceiling>) {
  return {
    "messages/s": messagesPerS,
    "OpenSearch µs": microseconds.opensearch ?? 0,
    "of the JSON ceiling": messagesPerS / ceilings.json.messagesPerS,
    "of the SMILE ceiling": messagesPerS / ceilings.smile.messagesPerS,
  };
}

export function processorFigures({ microseconds }: Drained): Record<string, number> {
  const { ingest = 0, embed = 0, sink = 0, ...others } = microseconds;
  return { ingest, embed, sink, "ingest + embed + sink": ingest + embed + sink, ...others };
}

function resourceFigures(bench: Bench, drained: Drained): Record<string, number> {
  const { requests } = drained;
  return { requests, "messages a request": bench.messages / requests, ...peakFigures(drained) };
}

export function peakFigures({ peakMegabytes }: Drained): Record<string, number> {
  return Object.fromEntries(stageNames.map((stage) => [`peak RSS of ${stage}, MB`, peakMegabytes[stage] ?? 0]));
}

function quantiles(latency: { quantileMs(quantile: number): number }) {
  return { p50: latency.quantileMs(0.5), p95: latency.quantileMs(0.95), p99: latency.quantileMs(0.99) };
}
