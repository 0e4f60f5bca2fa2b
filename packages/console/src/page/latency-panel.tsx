import { useMemo, useState } from "preact/hooks";
import { type HistoryPoint, type Snapshot, type StageName, stages } from "../contract.ts";
import { Duration } from "./figure.tsx";
import { formatCount, formatDuration, formatNumber } from "./format.ts";
import { type MeasuredOperation, operationsOf } from "./operations.ts";
import { Plot } from "./plot.tsx";

interface LatencyPanelProps {
  snapshot: Snapshot | undefined;
  history: readonly HistoryPoint[];
}

export function LatencyPanel({ snapshot, history }: LatencyPanelProps) {
  const operations = snapshot ? operationsOf(snapshot) : [];
  const [chosen, choose] = useState("publish_to_stored");
  const title = operations.find(({ name }) => name === chosen)?.title ?? "Publish to stored";
  const plots = useMemo(() => plotsOf(history, chosen), [history, chosen]);
  return (
    <section id="latency" class="panel" aria-labelledby="latency-title">
      <h2 id="latency-title">Latency and throughput</h2>
      <div class="plots">
        <Plot title={title} times={plots.times} series={plots.latency} format={formatDuration} />
        <Plot title="Messages per second" times={plots.times} series={plots.throughput} format={formatNumber} />
        <Plot title="Consumer lag (records)" times={plots.times} series={plots.lag} format={formatRecords} />
      </div>
      <p class="hint">
        The charts show the last five to ten seconds; the table covers the time since each process started, like
        /status.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section class="scroll" aria-label="Latencies by operation" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">count</th>
              <th scope="col">p50</th>
              <th scope="col">p95</th>
              <th scope="col">p99</th>
              <th scope="col">max</th>
            </tr>
          </thead>
          <tbody>
            {operations.map((operation) => (
              <Row
                key={operation.name}
                operation={operation}
                drawn={operation.name === chosen}
                draw={() => choose(operation.name)}
              />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

const stageColours = { ingest: "--first", embed: "--second", sink: "--third" } as const;

function plotsOf(history: readonly HistoryPoint[], operation: string) {
  const percentile = (key: "p50Ms" | "p99Ms") => history.map(({ latencies }) => latencies[operation]?.[key] ?? null);
  return {
    times: history.map(({ atMs }) => atMs / 1_000),
    latency: [
      { label: "p50", colour: "--first", values: percentile("p50Ms") },
      { label: "p99", colour: "--second", values: percentile("p99Ms") },
    ],
    throughput: perStage((stage) => history.map(({ rates }) => rates[stage])),
    lag: perStage((stage) => history.map(({ lags }) => lags[stage])),
  };
}

function perStage(valuesOf: (stage: StageName) => (number | null)[]) {
  return stages.map((stage) => ({ label: stage, colour: stageColours[stage], values: valuesOf(stage) }));
}

function formatRecords(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : formatNumber(value);
}

interface RowProps {
  operation: MeasuredOperation;
  drawn: boolean;
  draw(): void;
}

function Row({ operation: { name, title, latency }, drawn, draw }: RowProps) {
  return (
    <tr data-operation={name} class={drawn ? "drawn" : ""}>
      <th scope="row">
        <button type="button" class="plain" aria-pressed={drawn} onClick={draw}>
          {title} <code>{name}</code>
        </button>
      </th>
      <td>{formatCount(latency.count)}</td>
      <td>
        <Duration ms={latency.p50Ms} />
      </td>
      <td>
        <Duration ms={latency.p95Ms} />
      </td>
      <td>
        <Duration ms={latency.p99Ms} />
      </td>
      <td>
        <Duration ms={latency.maxMs} />
      </td>
    </tr>
  );
}
