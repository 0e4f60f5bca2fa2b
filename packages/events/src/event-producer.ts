import type { Delivery, Kafka, OutgoingRecord, Placement } from "@millrace/kafka";
import {
  type Fault,
  Health,
  type Patience,
  type RetryableFault,
  recordSize,
  retryable,
  retryUntilDone,
} from "@millrace/shared";
import { dlqMessageDefinition, type Event, eventDefinition, keyOf } from "./event.ts";
import type { EncodeEvent, EventEncoder } from "./event-encoder.ts";
import { createSchema } from "./schema.ts";
import type { EventSettings } from "./settings.ts";
import { TopicLane } from "./topic-lane.ts";

/** The outcome of one event. */
export type Published =
  | { status: "published"; placement: Placement; timestampMs: number }
  /** It is in `EVENTS_DLQ_TOPIC`, as a DLQMessage. */
  | { status: "dead_lettered"; placement: Placement; fault: Fault }
  /** It is in no topic. */
  | { status: "failed"; fault: Fault };

/**
 * Publishes events idempotently with `acks=all`, and keeps the order of calls for each key. An event that can't be
 * delivered within `EVENTS_DELIVERY_TIMEOUT_MS` goes to the dead-letter topic; if that fails too, the caller gets the
 * fault. Both topics must exist.
 */
export interface EventProducer extends AsyncDisposable {
  /**
   * Returns an outcome for each event, in the same order. Rejects only on bugs.
   *
   * @param giveUp once aborted, waiting events are neither written nor dead-lettered
   */
  publish(topic: string, events: readonly Event[], giveUp?: AbortSignal): Promise<Published[]>;
}

export function createEventProducer(
  kafka: Kafka,
  encoder: EventEncoder,
  settings: EventSettings,
  patience: Patience,
): EventProducer {
  return new KafkaEventProducer(kafka, encoder, settings, patience);
}

interface Undelivered {
  event: Event;
  record: OutgoingRecord;
  fault: Fault;
  attempts: number;
}

const plain = createSchema(eventDefinition, "json");
// Always JSON: an event that failed because the registry is unreachable must not need the registry.
const dlqSchema = createSchema(dlqMessageDefinition, "json");

class KafkaEventProducer implements EventProducer {
  #kafka: Kafka;
  #encoder: EventEncoder;
  #settings: EventSettings;
  #patience: Patience;
  // One for each topic of events; their owner bounds their number.
  #lanes = new Map<string, TopicLane>();
  #preparing = new Map<string, Promise<{ value: EncodeEvent } | { fault: RetryableFault }>>();

  constructor(kafka: Kafka, encoder: EventEncoder, settings: EventSettings, patience: Patience) {
    this.#kafka = kafka;
    this.#encoder = encoder;
    this.#settings = settings;
    // The publisher learns what its topic waits for; the process stays ready for other topics.
    this.#patience = { ...patience, health: new Health() };
  }

  async publish(topic: string, events: readonly Event[], giveUp?: AbortSignal): Promise<Published[]> {
    const timestampMs = Date.now();
    const prepared = await this.#prepare(topic);
    const encode = "value" in prepared ? prepared.value : plain.encode;
    const records = events.map((event) => ({ key: Buffer.from(keyOf(event)), value: encode(event), timestampMs }));
    const lane = this.#laneOf(topic);
    const full = this.#fullness(lane, topic, records);
    if (full) return events.map(() => ({ status: "failed", fault: full }));
    const deliveries =
      "fault" in prepared
        ? records.map(() => ({ fault: prepared.fault, attempts: 0 }))
        : await lane.send(records, giveUp);

    const undelivered = deliveries.flatMap((delivery, index): Undelivered[] => {
      const [event, record] = [events[index], records[index]];
      return "fault" in delivery && event && record ? [{ event, record, ...delivery }] : [];
    });
    const givenUp = (await this.#deadLetter(topic, undelivered, giveUp)).values();
    return deliveries.map((delivery) => {
      if ("placement" in delivery) return { status: "published", placement: delivery.placement, timestampMs };
      return givenUp.next().value ?? { status: "failed", fault: delivery.fault };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane[Symbol.asyncDispose]()));
  }

  #laneOf(topic: string): TopicLane {
    const limits = {
      deliveryTimeoutMs: this.#settings.EVENTS_DELIVERY_TIMEOUT_MS,
      batchMaxBytes: this.#settings.EVENTS_BATCH_MAX_BYTES,
    };
    const lane = this.#lanes.get(topic) ?? new TopicLane(this.#kafka, topic, limits, this.#patience);
    this.#lanes.set(topic, lane);
    return lane;
  }

  /**
   * Returns why these records may not wait, if they may not. A request that is too large by itself may, if nothing else
   * waits.
   */
  #fullness(lane: TopicLane, topic: string, more: readonly OutgoingRecord[]): Fault | undefined {
    const { EVENTS_QUEUE_MAX, EVENTS_QUEUE_MAX_BYTES } = this.#settings;
    if (lane.size + more.length > EVENTS_QUEUE_MAX) {
      return retryable("rate_limited", `the queue of topic ${topic} is full (EVENTS_QUEUE_MAX)`);
    }
    const bytes = [...this.#lanes.values()].reduce((sum, each) => sum + each.bytes, 0);
    const moreBytes = more.reduce((sum, record) => sum + recordSize(record), 0);
    if (bytes === 0 || bytes + moreBytes <= EVENTS_QUEUE_MAX_BYTES) return undefined;
    return retryable("rate_limited", "the queues of events are full (EVENTS_QUEUE_MAX_BYTES)");
  }

  /** All calls that wait for a preparation share it, so that they continue in order. */
  #prepare(topic: string): Promise<{ value: EncodeEvent } | { fault: RetryableFault }> {
    const preparing = this.#preparing.get(topic) ?? this.#prepareWithin(topic);
    this.#preparing.set(topic, preparing);
    return preparing;
  }

  async #prepareWithin(topic: string): Promise<{ value: EncodeEvent } | { fault: RetryableFault }> {
    const { hardStop } = this.#patience;
    const giveUp = AbortSignal.any([hardStop, AbortSignal.timeout(this.#settings.EVENTS_DELIVERY_TIMEOUT_MS)]);
    let last: RetryableFault | undefined;
    try {
      const operation = { dependency: "schema-registry", action: "registry.request" } as const;
      const encode = await retryUntilDone(
        operation,
        async () => {
          const prepared = await this.#encoder.prepare(topic);
          if ("fault" in prepared) last = prepared.fault;
          return prepared;
        },
        { ...this.#patience, hardStop: giveUp },
      );
      return { value: encode };
    } catch (error) {
      if (!giveUp.aborted) throw error;
      this.#preparing.delete(topic);
      return { fault: last ?? retryable("timeout", "no time left to ask the schema registry") };
    }
  }

  async #deadLetter(topic: string, undelivered: readonly Undelivered[], giveUp?: AbortSignal): Promise<Published[]> {
    if (undelivered.length === 0 || giveUp?.aborted) return [];
    const lane = this.#laneOf(this.#settings.EVENTS_DLQ_TOPIC);
    const letters = undelivered.map((each) => deadLetter(topic, each));
    const full = this.#fullness(lane, this.#settings.EVENTS_DLQ_TOPIC, letters);
    const deliveries: Delivery[] = full
      ? letters.map(() => ({ fault: full, attempts: 0 }))
      : await lane.send(letters, giveUp);
    const published = undelivered.map(({ fault }, index): Published => {
      const delivery = deliveries[index];
      if (delivery && "placement" in delivery) return { status: "dead_lettered", placement: delivery.placement, fault };
      return { status: "failed", fault };
    });
    this.#patience.log.record("event.dead_letter", "failed", undefined, {
      topic,
      count: undelivered.length,
      failed: published.filter(({ status }) => status === "failed").length,
      cause: undelivered[0]?.fault.cause,
    });
    return published;
  }
}

function deadLetter(topic: string, { event, record, fault, attempts }: Undelivered): OutgoingRecord {
  const failedAtMs = Date.now();
  const value = dlqSchema.encode({
    topic,
    ...(record.key && { key: record.key }),
    ...(record.value && { value: record.value }),
    event_id: event.event_id,
    error_code: fault.code,
    error_message: fault.cause || fault.code,
    attempts,
    failed_at_ms: failedAtMs,
  });
  return { key: record.key ?? null, value, timestampMs: failedAtMs };
}
