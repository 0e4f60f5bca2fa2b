import type { Snapshot, StageSnapshot, TopicNames } from "@millrace/console";
import type { TopicSettings } from "@millrace/kafka";
import { type Stage, stages } from "@millrace/stage";
import { attempt } from "../outcome.ts";
import { type HealthEdges, readChecks } from "../routes/health.ts";
import type { PublishEdges } from "../routes/publish.ts";
import { readStatus, type StatusEdges } from "../routes/status.ts";
import type { StageStatus } from "../stage-schema.ts";
import { Rates } from "./rates.ts";

/** Reads the data of GET /status and GET /health as one snapshot, and adds the rates since earlier snapshots. */
export function createSnapshotReader(
  edges: StatusEdges & HealthEdges & Pick<PublishEdges, "published" | "log">,
  settings: TopicSettings,
  timeoutMs: number,
): () => Promise<Snapshot> {
  const rates = new Rates();
  const topics = topicNames(settings);
  return async () => {
    const [status, checks, presence] = await Promise.all([
      readStatus(edges, timeoutMs),
      readChecks(edges),
      attempt(edges.readPresence, timeoutMs),
    ]);
    const rateOf = "value" in presence ? rates.read(presence.value) : undefined;
    const snapshots = stages.map((stage) => [stage, snapshotOf(status[stage], rateOf?.[stage] ?? null)]);
    return {
      atMs: Date.now(),
      topics,
      checks,
      stages: Object.fromEntries(snapshots) as Record<Stage, StageSnapshot>,
      api: { messages: edges.published.messages, latencies: edges.log.operations.summaries() },
    };
  };
}

function topicNames(settings: TopicSettings): TopicNames {
  return {
    source: settings.KAFKA_TOPICS,
    batches: settings.BATCHES_TOPIC,
    vectors: settings.VECTORS_TOPIC,
    deadLetters: settings.DEAD_LETTERS_TOPIC,
  };
}

function snapshotOf(
  { state, instances, messages, deadLettered, inFlight, lag, latencies }: StageStatus,
  rate: number | null,
): StageSnapshot {
  return {
    ...{ state, messages, deadLettered, inFlight, rate },
    instances: instances?.length ?? null,
    lag: lag?.topics ?? null,
    latencies: latencies ?? {},
  };
}
