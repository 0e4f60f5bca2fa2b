import { describeCause } from "@millrace/shared";
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import { assignBySubscription } from "./assigner.ts";
import type { ConsumeOptions } from "./consume-options.ts";
import { leaveGroup } from "./leave-group.ts";
import type { ConsumerSettings } from "./settings.ts";
import { within } from "./within.ts";

export type GroupOptions = Pick<ConsumeOptions, "groupId" | "topics" | "settings">;

export interface GroupClientListener {
  /** The group rebalanced; this member has these partitions now, by topic. */
  assigned(memberId: string, assignment: Record<string, number[]>): void;
  /** A fetch ended, with records or without. */
  fetched(): void;
  received(batch: EachBatchPayload): Promise<void>;
  /** The client is dead, after it had joined. */
  crashed(cause: string): void;
  /** The topic of another member can't be assigned to it. */
  unassignable(topic: string, error: unknown): void;
}

const LEAVE_MAX_MS = 2_000;

/** One kafkajs consumer. It joins once; after a crash it is replaced by another one. */
export class GroupClient {
  readonly #kafka: Kafka;
  readonly #options: GroupOptions;
  readonly #listener: GroupClientListener;
  readonly #consumer: Consumer;
  #isJoining = true;
  #crash: string | undefined;

  constructor(kafka: Kafka, options: GroupOptions, listener: GroupClientListener) {
    this.#kafka = kafka;
    this.#options = options;
    this.#listener = listener;
    this.#consumer = newConsumer(kafka, options, listener);
    const { GROUP_JOIN, FETCH, CRASH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => listener.assigned(payload.memberId, payload.memberAssignment));
    this.#consumer.on(FETCH, () => listener.fetched());
    this.#consumer.on(CRASH, ({ payload }) => this.#crashed(describeCause(payload.error)));
  }

  /**
   * Resolves when the client has joined the group and fetches. The time is bounded, since kafkajs never ends an attempt
   * whose connection broke while it authenticated.
   *
   * @param predecessorId of an earlier member that may not have left; the join would wait until its session times out
   */
  async join(predecessorId: string, signal: AbortSignal): Promise<void> {
    const { settings } = this.#options;
    const joinMaxMs = settings.KAFKA_STALL_TIMEOUT_MS + rebalanceTimeoutMs(settings);
    await within(joinMaxMs, this.#join(predecessorId), signal);
    this.#isJoining = false;
    // kafkajs reports a failed join only by an event.
    if (this.#crash !== undefined) throw new Error(this.#crash);
  }

  /** Leaves the group, if the brokers can be reached, and disconnects. A stalled client may never finish. */
  async leave(): Promise<void> {
    await this.#consumer.disconnect().catch(() => undefined);
  }

  /** Does not wait for a stalled client. */
  async leaveInTime(): Promise<void> {
    await within(LEAVE_MAX_MS, this.leave()).catch(() => undefined);
  }

  async #join(predecessorId: string): Promise<void> {
    if (predecessorId !== "") await leaveGroup(this.#kafka, this.#options.groupId, predecessorId);
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 8,
      eachBatch: (batch) => this.#listener.received(batch),
    });
  }

  #crashed(cause: string): void {
    this.#crash = cause;
    if (!this.#isJoining) this.#listener.crashed(cause);
  }
}

/** How long a rebalance waits for this member. */
function rebalanceTimeoutMs({ KAFKA_SESSION_TIMEOUT_MS }: ConsumerSettings): number {
  return Math.max(KAFKA_SESSION_TIMEOUT_MS, 10_000);
}

function newConsumer(kafka: Kafka, { groupId, settings }: GroupOptions, listener: GroupClientListener): Consumer {
  const sessionTimeoutMs = settings.KAFKA_SESSION_TIMEOUT_MS;
  const fetchMaxBytes = settings.KAFKA_FETCH_MAX_BYTES;
  return kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs(settings),
    heartbeatInterval: Math.floor(sessionTimeoutMs / 10),
    maxBytes: fetchMaxBytes,
    maxBytesPerPartition: fetchMaxBytes,
    maxWaitTimeInMs: 200,
    partitionAssigners: [assignBySubscription(kafka, (topic, error) => listener.unassignable(topic, error))],
    allowAutoTopicCreation: false,
    // After a crash the membership replaces the client: it logs that, and bounds the delays.
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
  });
}
