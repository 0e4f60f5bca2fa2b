import { useMemo, useState } from "preact/hooks";
import { type HistoryPoint, type Latency, type Snapshot, stages } from "../contract.ts";
import { Duration } from "./figure.tsx";
import { formatCount, formatDuration, formatNumber } from "./format.ts";
import { Plot } from "./plot.tsx";

interface LatencyPanelProps {
  snapshot: Snapshot | undefined;
  history: readonly HistoryPoint[];
}

const stageColours = ["--first", "--second", "--third"];

export function LatencyPanel({ snapshot, history }: LatencyPanelProps) {
  const operations = stages.flatMap((stage) => Object.entries(snapshot?.stages[stage].latencies ?? {}));
  const [chosen, setChosen] = useState("sink.batch");
  const times = useMemo(() => history.map(({ atMs }) => atMs / 1_000), [history]);
  const rates = useMemo(() => stages.map((stage) => history.map((point) => point.rates[stage])), [history]);
  const latencies = useMemo(() => percentilesOf(history, chosen), [history, chosen]);
  return (
    <section id="latency" class="panel" aria-labelledby="latency-title">
      <h2 id="latency-title">Latency and throughput</h2>
      <div class="plots">
        <figure>
          <figcaption>
            <strong>{chosen}</strong>, ms
          </figcaption>
          <Plot
            times={times}
            series={[
              { label: "p50", colour: "--first", values: latencies.p50 },
              { label: "p99", colour: "--second", values: latencies.p99 },
            ]}
            format={(value) => formatDuration(value)}
          />
        </figure>
        <figure>
          <figcaption>
            <strong>Throughput</strong>, messages a second
          </figcaption>
          <Plot
            times={times}
            series={stages.map((label, index) => ({
              label,
              colour: stageColours[index] ?? "",
              values: rates[index] ?? [],
            }))}
            format={formatNumber}
          />
        </figure>
      </div>
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
            {operations.map(([name, latency]) => (
              <Row key={name} name={name} latency={latency} shown={name === chosen} show={() => setChosen(name)} />
            ))}
          </tbody>
        </table>
      </section>
      <p class="hint">
        Since each process began, of its worst instance: the figures of /status. Choose one to draw it.
      </p>
    </section>
  );
}

function percentilesOf(history: readonly HistoryPoint[], operation: string) {
  const read = (key: "p50Ms" | "p99Ms") => history.map(({ latencies }) => latencies[operation]?.[key] ?? null);
  return { p50: read("p50Ms"), p99: read("p99Ms") };
}

interface RowProps {
  name: string;
  latency: Latency;
  shown: boolean;
  show(): void;
}

function Row({ name, latency, shown, show }: RowProps) {
  return (
    <tr data-operation={name} class={shown ? "shown" : ""}>
      <th scope="row">
        <button type="button" class="plain" aria-pressed={shown} onClick={show}>
          {name}
        </button>
      </th>
      <td>{formatCount(latency.count)}</td>
      {[latency.p50Ms, latency.p95Ms, latency.p99Ms, latency.maxMs].map((ms, index) => (
        <td key={index}>
          <Duration ms={ms} />
        </td>
      ))}
    </tr>
  );
}
