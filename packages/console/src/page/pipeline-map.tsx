import type { Check, LatencyFigures, Snapshot, StageName, StageSnapshot } from "../contract.ts";
import { Channel } from "./channel.tsx";
import { Fact, Percentiles, Rate } from "./figure.tsx";
import { formatCount } from "./format.ts";
import { Cause, Status, type Tone, toneOf } from "./status.tsx";

const tasks: Record<StageName, string> = {
  ingest: "packs messages into batches",
  embed: "embeds batches as vectors",
  sink: "writes to the stores",
};
/** The operation behind a stage's figures: a whole batch, from its arrival on. */
const operations: Record<StageName, string> = { ingest: "ingest.pack", embed: "embed.batch", sink: "sink.batch" };

const services = [
  ["kafka", "Kafka"],
  ["redis", "Redis"],
  ["embedding-provider", "Embedding provider"],
] as const;

/** A message's path from left to right, or from top to bottom on a phone. */
export function PipelineMap({ snapshot }: { snapshot: Snapshot | undefined }) {
  const stage = (name: StageName) => (
    <StageCard name={name} stage={snapshot?.stages[name]} check={snapshot?.checks[name]} />
  );
  const channel = (reader: StageName, topics: readonly string[] | undefined) => (
    <Channel topics={topics} lag={lagOf(snapshot, reader, topics)} rate={snapshot?.stages[reader].rate} />
  );
  const { topics } = snapshot ?? {};
  const sink = snapshot?.stages.sink.latencies ?? {};
  return (
    <section class="map" aria-label="The pipeline">
      <ol class="race">
        <ApiCard api={snapshot?.api} check={snapshot?.checks.api} />
        {channel("ingest", topics?.source)}
        {stage("ingest")}
        {channel("embed", topics && [topics.batches])}
        {stage("embed")}
        {channel("sink", topics && [topics.vectors])}
        {stage("sink")}
        <li class="stores">
          <StoreCard name="OpenSearch" check={snapshot?.checks.opensearch} latency={sink["sink.bulk_write"]} />
          <StoreCard name="PostgreSQL" check={snapshot?.checks.postgres} latency={sink["sink.insert"]} />
        </li>
      </ol>
      <ul class="services" aria-label="Shared services">
        {services.map(([key, name]) => (
          <li key={key}>
            <span>{name}</span>
            <Status tone={toneOf(snapshot?.checks[key])} />
            <Cause check={snapshot?.checks[key]} />
          </li>
        ))}
        <li>
          <a href="#dead-letters">Dead-letter topic</a>
          <span class="muted">{waiting(lagOf(snapshot, "sink", topics && [topics.deadLetters]))}</span>
        </li>
      </ul>
    </section>
  );
}

/** Null if unknown, or if none of the topics exists yet. */
function lagOf(
  snapshot: Snapshot | undefined,
  reader: StageName,
  topics: readonly string[] | undefined,
): number | null {
  const lags = snapshot?.stages[reader].lag;
  const known = lags ? (topics ?? []).flatMap((topic) => lags[topic] ?? []) : [];
  return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0);
}

function waiting(lag: number | null): string {
  if (lag === null) return "empty";
  return lag === 0 ? "all recorded" : `${formatCount(lag)} not yet recorded`;
}

function ApiCard({ api, check }: { api: Snapshot["api"] | undefined; check: Check | undefined }) {
  return (
    <li class={`card ${toneOf(check)}`}>
      <header>
        <h2>api</h2>
        <Status tone={toneOf(check)} />
      </header>
      <p class="task">accepts messages</p>
      <dl class="facts">
        <Percentiles latency={api?.latencies["api.publish"]} />
        <Fact name="published">{count(api?.messages)}</Fact>
      </dl>
    </li>
  );
}

interface StageCardProps {
  name: StageName;
  stage: StageSnapshot | undefined;
  check: Check | undefined;
}

function StageCard({ name, stage, check }: StageCardProps) {
  const tone: Tone = toneOf(check);
  const { state, instances } = stage ?? {};
  return (
    <li class={`card ${tone}`} data-stage={name}>
      <header>
        <h2>{name}</h2>
        <Status tone={tone} {...(state && tone !== "slow" && { word: state })} />
      </header>
      <p class="task">
        {tasks[name]}
        {instances !== null && instances !== undefined && instances > 1 && ` · ${instances} instances`}
      </p>
      <p class="rate">
        <Rate perSecond={stage?.rate} /> <span class="unit">msg/s</span>
      </p>
      <dl class="facts">
        <Percentiles latency={stage?.latencies[operations[name]]} />
        <Fact name="in flight">{count(stage?.inFlight)}</Fact>
        <Fact name="done">{count(stage?.messages)}</Fact>
      </dl>
      <Cause check={check} />
    </li>
  );
}

interface StoreCardProps {
  name: string;
  check: Check | undefined;
  latency: LatencyFigures | undefined;
}

function StoreCard({ name, check, latency }: StoreCardProps) {
  return (
    <div class={`card store ${toneOf(check)}`}>
      <header>
        <h2>{name}</h2>
        <Status tone={toneOf(check)} />
      </header>
      {latency && (
        <dl class="facts">
          <Percentiles latency={latency} />
        </dl>
      )}
      <Cause check={check} />
    </div>
  );
}

function count(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : formatCount(value);
}
