import type { KafkaAdmin, TopicSettings } from "@millrace/kafka";
import { type Stage, stages } from "@millrace/stage";
import type { LagReader } from "../routes/status.ts";
import type { StageLag } from "../stage-schema.ts";

/** The first and the next offset of every partition of a topic; a topic that does not exist has no entry. */
type Watermarks = Map<string, { partition: number; low: number; high: number }[]>;

/** The topics that each stage's consumer group reads. */
function topicsOf(settings: TopicSettings): Record<Stage, readonly string[]> {
  return {
    ingest: [...settings.KAFKA_TOPICS, settings.REPLAY_TOPIC],
    embed: [settings.BATCHES_TOPIC],
    sink: [settings.VECTORS_TOPIC, settings.DEAD_LETTERS_TOPIC],
  };
}

/** Lag: the number of records beyond the offsets that the stages' consumer groups committed. */
export function createLagReader(admin: KafkaAdmin, settings: TopicSettings): LagReader {
  const topics = topicsOf(settings);
  return {
    async read() {
      const watermarks = await readWatermarks(admin, Object.values(topics).flat());
      const lags = {} as Record<Stage, StageLag>;
      for (const stage of stages) {
        const groupId = `${settings.KAFKA_GROUP_PREFIX}-${stage}`;
        lags[stage] = await readLag(admin, groupId, topics[stage], watermarks);
      }
      return lags;
    },
  };
}

function readWatermarks(admin: KafkaAdmin, topics: readonly string[]): Promise<Watermarks> {
  return admin.use(async (client) => {
    const existing = new Set(await client.listTopics());
    const watermarks: Watermarks = new Map();
    for (const topic of new Set(topics)) {
      if (!existing.has(topic)) continue;
      const partitions = await client.fetchTopicOffsets(topic);
      watermarks.set(
        topic,
        partitions.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) })),
      );
    }
    return watermarks;
  });
}

async function readLag(
  admin: KafkaAdmin,
  groupId: string,
  topics: readonly string[],
  watermarks: Watermarks,
): Promise<StageLag> {
  const existing = topics.filter((topic) => watermarks.has(topic));
  const committed = await readCommitted(admin, groupId, existing);
  const lags = topics.map((topic): [string, number | null] => {
    const partitions = watermarks.get(topic);
    if (!partitions) return [topic, null];
    const lag = partitions.reduce((sum, { partition, low, high }) => {
      // A group starts at the earliest record; so does one whose committed offset retention has deleted.
      const position = Math.max(low, committed.get(`${topic}-${partition}`) ?? low);
      return sum + Math.max(0, high - position);
    }, 0);
    return [topic, lag];
  });
  return { total: lags.reduce((sum, [, lag]) => sum + (lag ?? 0), 0), topics: Object.fromEntries(lags) };
}

async function readCommitted(admin: KafkaAdmin, groupId: string, topics: string[]): Promise<Map<string, number>> {
  // Without topics Kafka would return the offsets of all topics.
  if (topics.length === 0) return new Map();
  const offsets = await admin.use((client) => client.fetchOffsets({ groupId, topics }));
  const committed = new Map<string, number>();
  for (const { topic, partitions } of offsets) {
    for (const { partition, offset } of partitions) {
      // -1: no commit.
      if (Number(offset) >= 0) committed.set(`${topic}-${partition}`, Number(offset));
    }
  }
  return committed;
}
