import type { EventSettings } from "@millrace/events";
import { createTopics, type KafkaAdmin, type TopicRefusal, type TopicSettings } from "@millrace/kafka";
import { aborted } from "@millrace/shared";
import { singleFlight } from "../single-flight.ts";
import type { EventsApiSettings } from "./settings.ts";

/** The topics of events, of those that are in Kafka. */
export interface EventTopics {
  /** A regular expression that each name matches. */
  readonly pattern: string;
  /** Whether a topic of events may have this name. */
  allows(name: string): boolean;
  exists(topic: string): Promise<boolean>;
  /**
   * Creates the topic if it is missing, as long as there are fewer than `EVENTS_TOPICS_MAX`.
   *
   * @param signal aborted when nobody waits any more: then others are not held up
   */
  ensure(topic: string, signal: AbortSignal): Promise<"there" | "missing" | "too-many" | TopicRefusal>;
}

type Settings = EventsApiSettings & EventSettings & TopicSettings;

/** How long the list of topics is taken for true: a topic that was deleted is missed by then. */
const FRESH_MS = 5_000;

export function createEventTopics(admin: KafkaAdmin, settings: Settings): EventTopics {
  const pattern = new RegExp(`^(?:${settings.EVENTS_TOPIC_PATTERN})$`);
  const internal = new Set([
    settings.BATCHES_TOPIC,
    settings.VECTORS_TOPIC,
    settings.DEAD_LETTERS_TOPIC,
    settings.REPLAY_TOPIC,
    settings.EVENTS_DLQ_TOPIC,
  ]);
  const allows = (name: string): boolean => pattern.test(name) && !name.startsWith("__") && !internal.has(name);
  const list = () => admin.use(async (client) => new Set(await client.listTopics()));
  const listRecently = singleFlight(list, FRESH_MS);
  let turn: Promise<unknown> = Promise.resolve();

  async function create(topic: string, signal: AbortSignal): Promise<"there" | "too-many" | TopicRefusal> {
    signal.throwIfAborted();
    const topics = await list();
    signal.throwIfAborted();
    if (!topics.has(topic) && [...topics].filter(allows).length >= settings.EVENTS_TOPICS_MAX) return "too-many";
    const partitions = settings.KAFKA_TOPIC_PARTITIONS;
    const missing = [topic, settings.EVENTS_DLQ_TOPIC].filter((name) => !topics.has(name));
    const specifications = missing.map((name) => ({ topic: name, partitions }));
    const creating = admin.use((client) => createTopics(client, specifications, settings.KAFKA_REPLICATION_FACTOR));
    return (await creating) ?? "there";
  }

  /** One after the other, so that they are counted. Whoever has no time any more leaves the turn to the next. */
  async function createInTurn(topic: string, signal: AbortSignal) {
    const created = turn.then(() => create(topic, signal));
    turn = turn.then(() => Promise.race([created, aborted(signal)])).catch(() => undefined);
    return created;
  }

  return {
    pattern: pattern.source,
    allows,
    exists: async (topic) => (await listRecently()).has(topic) || (await list()).has(topic),
    async ensure(topic, signal) {
      if ((await listRecently()).has(topic)) return "there";
      if (!settings.KAFKA_CREATE_TOPICS) return (await list()).has(topic) ? "there" : "missing";
      return createInTurn(topic, signal);
    },
  };
}
