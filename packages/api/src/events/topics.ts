import type { EventSettings } from "@millrace/events";
import { createTopics, type KafkaAdmin, type TopicRefusal, type TopicSettings } from "@millrace/kafka";
import { aborted } from "@millrace/shared";
import { singleFlight } from "../single-flight.ts";
import type { EventsApiSettings } from "./settings.ts";

/** The event topics in Kafka. */
export interface EventTopics {
  /** A regular expression that every allowed name matches. */
  readonly pattern: string;
  /** Whether an event topic may have this name. */
  allows(name: string): boolean;
  exists(topic: string): Promise<boolean>;
  /**
   * Creates the topic if it is missing and there are fewer than `EVENTS_TOPICS_MAX`.
   *
   * @param signal aborted once the caller has stopped waiting, so that the next creation can start
   */
  ensure(topic: string, signal: AbortSignal): Promise<"there" | "missing" | "too-many" | TopicRefusal>;
}

type EventTopicsSettings = EventsApiSettings & EventSettings & TopicSettings;

/** How long the list of topics is cached: the maximum delay before a deleted topic is noticed. */
const FRESH_MS = 5_000;

export function createEventTopics(admin: KafkaAdmin, settings: EventTopicsSettings): EventTopics {
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

  /** Creates one topic at a time, so that the count stays exact. A timed-out creation doesn't block the next. */
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
