import type { EventSettings } from "@millrace/events";
import { ensureTopics, type Patience, type TopicSettings } from "@millrace/shared";
import type { Kafka, KafkaAdmin } from "../kafka/admin.ts";
import { singleFlight } from "../single-flight.ts";
import type { EventsApiSettings } from "./settings.ts";

/** The topics of events, of those that are in Kafka. */
export interface EventTopics {
  /** A regular expression that each name matches. */
  readonly pattern: string;
  /** Whether a topic of events may have this name. */
  allows(name: string): boolean;
  exists(topic: string): Promise<boolean>;
  /** Creates the topic if it is missing, as long as there are fewer than `EVENTS_TOPICS_MAX`. */
  ensure(topic: string): Promise<"there" | "missing" | "too-many">;
}

type Settings = EventsApiSettings & EventSettings & TopicSettings;

/** How long the list of topics is taken for true: a topic that was deleted is missed by then. */
const FRESH_MS = 5_000;

export function createEventTopics(
  kafka: Kafka,
  admin: KafkaAdmin,
  settings: Settings,
  patience: Patience,
): EventTopics {
  const pattern = new RegExp(`^(?:${settings.EVENTS_TOPIC_PATTERN})$`);
  const internal = new Set([
    settings.BATCHES_TOPIC,
    settings.VECTORS_TOPIC,
    settings.DEAD_LETTERS_TOPIC,
    settings.REPLAY_TOPIC,
    settings.EVENTS_DLQ_TOPIC,
  ]);
  const allows = (name: string): boolean => pattern.test(name) && !name.startsWith("__") && !internal.has(name);
  const list = () => admin.use(async (client) => new Set((await client.listTopics()).filter(allows)));
  const listRecently = singleFlight(list, FRESH_MS);
  let creating: Promise<unknown> = Promise.resolve();

  async function create(topic: string): Promise<"there" | "too-many"> {
    const topics = await list();
    if (!topics.has(topic) && topics.size >= settings.EVENTS_TOPICS_MAX) return "too-many";
    const partitions = settings.KAFKA_TOPIC_PARTITIONS;
    const specifications = [topic, settings.EVENTS_DLQ_TOPIC].map((name) => ({ topic: name, partitions }));
    await ensureTopics(kafka, specifications, settings.KAFKA_REPLICATION_FACTOR, patience);
    return "there";
  }

  return {
    pattern: pattern.source,
    allows,
    exists: async (topic) => (await listRecently()).has(topic) || (await list()).has(topic),
    async ensure(topic) {
      if ((await listRecently()).has(topic)) return "there";
      if (!settings.KAFKA_CREATE_TOPICS) return (await list()).has(topic) ? "there" : "missing";
      // One after the other, so that they are counted.
      const created = creating.then(() => create(topic));
      creating = created.catch(() => undefined);
      return created;
    },
  };
}
