import { setTimeout as sleep } from "node:timers/promises";
import type { Patience } from "@millrace/shared";
import { backoffDelayMs, describeCause } from "@millrace/shared";
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from "kafkajs";
import { assignBySubscription } from "./assigner.ts";
import type { Attempts } from "./attempts.ts";
import { leaveGroup } from "./leave-group.ts";
import { type AssignedPartition, assignedPartition, type Received, ReceivedRecord } from "./received.ts";
import type { ConsumerSettings } from "./settings.ts";

export interface ConsumeOptions {
  groupId: string;
  topics: readonly string[];
  /** Delivered and not done: at these limits fetching waits, and heartbeats go on. */
  inFlightMax: number;
  inFlightMaxBytes: number;
  settings: ConsumerSettings;
  /** Counts the starts of each partition, and where they end too soon the attempts at its records. */
  attempts: Attempts;
  /** Takes a record over; must not throw and must not wait. */
  accept(received: Received): void;
}

export interface Consumption extends AsyncDisposable {
  readonly inFlight: number;
  readonly inFlightBytes: number;
  readonly lastReceivedAt: Date | undefined;
  /** Fetches no more, waits until what is in flight is done, and commits. The group is left by disposal. */
  drain(signal: AbortSignal): Promise<void>;
}

/** Delivers the records of some topics, at least once each, and commits what is done. */
export async function consume(kafka: Kafka, options: ConsumeOptions, patience: Patience): Promise<Consumption> {
  const consumption = new GroupConsumption(kafka, options, patience);
  await consumption.start();
  return consumption;
}

/** How often the waits below look again. */
const TICK_MS = 20;

class GroupConsumption implements Consumption {
  #kafka: Kafka;
  #options: ConsumeOptions;
  #patience: Patience;
  #consumer: Consumer | undefined;
  #memberId = "";
  /** Of a consumer that was replaced and may not have left the group. */
  #abandonedMemberId = "";
  #partitions = new Map<string, AssignedPartition>();
  #commit: EachBatchPayload["commitOffsetsIfNecessary"] | undefined;
  #inFlight = 0;
  #inFlightBytes = 0;
  #lastProgressAt = Date.now();
  #lastReceivedAt: Date | undefined;
  #stopping = false;
  #closed = false;
  #opening = false;
  #replacing: Promise<void> | undefined;
  #crashes = new WeakMap<Consumer, string>();
  #committing: Promise<void> | undefined;

  constructor(kafka: Kafka, options: ConsumeOptions, patience: Patience) {
    this.#kafka = kafka;
    this.#options = options;
    this.#patience = patience;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  get lastReceivedAt(): Date | undefined {
    return this.#lastReceivedAt;
  }

  async start(): Promise<void> {
    await this.#open();
    this.#committing = this.#commitPeriodically();
    // Not awaited by disposal, which it would hold up for as long as it sleeps.
    void this.#watchForStalls();
  }

  async drain(signal: AbortSignal): Promise<void> {
    this.#stopping = true;
    // The consumer stays in its group, so that what is in flight can still be committed.
    while (this.#inFlight > 0) await sleep(TICK_MS, undefined, { signal });
    await this.#commitDone();
    await this.#options.attempts.endAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#closed = true;
    await this.#committing;
    await this.#replacing;
    await this.#consumer?.disconnect().catch(() => undefined);
  }

  /** Joins the group, for as long as that takes. */
  async #open(): Promise<void> {
    this.#opening = true;
    try {
      await this.#join();
    } finally {
      this.#opening = false;
    }
  }

  async #join(): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt++) {
      const consumer = this.#newConsumer();
      try {
        await this.#leaveAbandoned();
        await consumer.connect();
        await consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
        this.#lastProgressAt = Date.now();
        this.#consumer = consumer;
        await consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 8,
          eachBatch: (payload) => this.#deliver(consumer, payload),
        });
        // Its first attempt to join may have failed by now; kafkajs tells by an event alone.
        const crash = this.#crashes.get(consumer);
        if (crash === undefined) return;
        throw new Error(crash);
      } catch (error) {
        this.#report("retry", { cause: describeCause(error), attempt: attempt + 1 });
        this.#patience.health.waiting("kafka.consume", describeCause(error));
        await consumer.disconnect().catch(() => undefined);
        await sleep(backoffDelayMs(attempt, this.#patience.backoff), undefined, { signal: this.#patience.hardStop });
      }
    }
  }

  /** Otherwise the join below would wait until the session of the earlier member times out. */
  async #leaveAbandoned(): Promise<void> {
    if (this.#abandonedMemberId === "") return;
    await leaveGroup(this.#kafka, this.#options.groupId, this.#abandonedMemberId);
    this.#abandonedMemberId = "";
  }

  #newConsumer(): Consumer {
    const { groupId, settings } = this.#options;
    const sessionTimeoutMs = settings.KAFKA_SESSION_TIMEOUT_MS;
    const fetchMaxBytes = settings.KAFKA_FETCH_MAX_BYTES;
    const consumer = this.#kafka.consumer({
      groupId,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
      heartbeatInterval: Math.floor(sessionTimeoutMs / 10),
      maxBytes: fetchMaxBytes,
      maxBytesPerPartition: fetchMaxBytes,
      maxWaitTimeInMs: 200,
      partitionAssigners: [assignBySubscription(this.#kafka, (topic, error) => this.#reportUnknown(topic, error))],
      allowAutoTopicCreation: false,
      // A consumer that crashed is replaced here, where that is logged and waits with a cap.
      retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false },
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (consumer === this.#consumer) this.#assign(payload.memberId, payload.memberAssignment);
    });
    consumer.on(consumer.events.FETCH, () => {
      if (consumer === this.#consumer) this.#progressed();
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      const cause = describeCause(payload.error);
      this.#crashes.set(consumer, cause);
      if (consumer === this.#consumer && !this.#opening) this.#replace(cause);
    });
    return consumer;
  }

  #reportUnknown(topic: string, error: unknown): void {
    this.#report("retry", {
      cause: `${topic}, which another member reads, could not be assigned: ${describeCause(error)}`,
    });
  }

  #progressed(): void {
    this.#lastProgressAt = Date.now();
    this.#patience.health.working("kafka.consume");
  }

  /**
   * After a rebalance, a partition that this member had before and has still was nobody else's in between (a member that
   * missed a generation is given a new id), so what is in flight there goes on. What it lost is revoked:
   * another member does it again, and a commit of ours would be stale.
   */
  #assign(memberId: string, assignment: Record<string, number[]>): void {
    const kept = new Map<string, AssignedPartition>();
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions) {
        const key = partitionKey(topic, partition);
        const before = memberId === this.#memberId ? this.#partitions.get(key) : undefined;
        kept.set(key, before ?? assignedPartition(topic, partition));
      }
    }
    for (const [key, partition] of this.#partitions) if (kept.get(key) !== partition) partition.revoked = true;
    this.#partitions = kept;
    this.#memberId = memberId;
    this.#progressed();
    this.#report("ok", { partitions: [...kept.keys()] });
  }

  async #deliver(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
    // One that was replaced may still have a batch at hand, and would fetch it again without a pause until it is gone.
    if (consumer !== this.#consumer) {
      await sleep(TICK_MS);
      return;
    }
    const { batch, heartbeat, resolveOffset } = payload;
    this.#commit = payload.commitOffsetsIfNecessary;
    const partition = this.#partitionOf(batch.topic, batch.partition, Number(batch.firstOffset() ?? 0));
    if (!partition) return;
    for (const message of batch.messages) {
      const mayProceed = await this.#waitForRoom(partition, heartbeat);
      // Not resolved, so this is fetched again, by the next owner or once this member is to go on.
      if (!mayProceed) return;
      const attempt = await this.#countAttempt(partition, Number(message.offset));
      this.#accept(partition, message, attempt);
      resolveOffset(message.offset);
    }
    await heartbeat();
  }

  /** A partition whose offsets begin again below what was committed is another one of the same name: its topic was made anew. */
  #partitionOf(topic: string, partition: number, firstOffset: number): AssignedPartition | undefined {
    const key = partitionKey(topic, partition);
    const known = this.#partitions.get(key);
    if (known?.committed === undefined || firstOffset >= known.committed) return known;
    known.revoked = true;
    const anew = assignedPartition(topic, partition);
    this.#partitions.set(key, anew);
    return anew;
  }

  /** Fetching waits here while too much is in flight; heartbeats go on, and throw where the group rebalances. */
  async #waitForRoom(partition: AssignedPartition, heartbeat: () => Promise<void>): Promise<boolean> {
    const mustWait = (): boolean => this.#full || (partition.suspects > 0 && partition.ledger.inFlight > 0);
    while (mustWait() && !this.#stopping && !partition.revoked) {
      await heartbeat();
      this.#progressed();
      await sleep(TICK_MS);
    }
    if (!this.#stopping && !partition.revoked) return true;
    // Without this the same batch would be fetched in a tight loop while what is in flight is awaited.
    await heartbeat();
    await sleep(TICK_MS);
    return false;
  }

  /**
   * A start is counted before its first record is delivered, and forgotten when the process survives it. After too many,
   * one of the records that may have been in flight is lethal: so many are delivered one by one, each counted before
   * it is. `undefined` for a record that need not be counted.
   */
  async #countAttempt(partition: AssignedPartition, offset: number): Promise<number | undefined> {
    const { attempts, groupId, settings, inFlightMax } = this.#options;
    const record = { topic: partition.topic, partition: partition.partition };
    if (!partition.startCounted) {
      partition.startCounted = true;
      // By partition, wherever it starts: what could be committed in between moves the first offset on.
      const starts = await attempts.begin(`${groupId}:start`, { ...record, offset: 0 });
      if (starts > settings.ATTEMPTS_MAX) partition.suspects = inFlightMax;
    }
    if (partition.suspects === 0) return undefined;
    partition.suspects--;
    return attempts.begin(groupId, { ...record, offset });
  }

  get #full(): boolean {
    return this.#inFlight >= this.#options.inFlightMax || this.#inFlightBytes >= this.#options.inFlightMaxBytes;
  }

  #accept(partition: AssignedPartition, message: KafkaMessage, attempt: number | undefined): void {
    const entry = partition.ledger.begin(Number(message.offset));
    if (!entry) return;
    const bytes = (message.value?.length ?? 0) + (message.key?.length ?? 0);
    this.#inFlight++;
    this.#inFlightBytes += bytes;
    this.#lastReceivedAt = new Date();
    const { attempts, groupId } = this.#options;
    const { topic, partition: number } = partition;
    const finish = (): void => {
      if (entry.done) return;
      partition.ledger.finish(entry);
      this.#inFlight--;
      this.#inFlightBytes -= bytes;
      if (attempt !== undefined) attempts.end(groupId, { topic, partition: number, offset: entry.offset });
    };
    try {
      this.#options.accept(new ReceivedRecord(partition, entry, message, attempt ?? 1, finish));
    } catch (error) {
      // A bug must end the process; thrown from here it would reach kafkajs, which would only try again.
      setImmediate(() => {
        throw error;
      });
    }
  }

  async #commitPeriodically(): Promise<void> {
    while (!this.#closed) {
      await sleep(this.#options.settings.KAFKA_COMMIT_INTERVAL_MS);
      await this.#commitDone();
    }
  }

  async #commitDone(): Promise<void> {
    const due = [...this.#partitions.values()].filter(
      ({ ledger, committed }) => ledger.committable !== undefined && ledger.committable !== committed,
    );
    if (due.length === 0 || !this.#commit) return;
    const offsets = due.map(({ ledger }) => ledger.committable ?? 0);
    const byTopic = Map.groupBy(
      due.map(({ topic, partition }, index) => ({ topic, partition, offset: String(offsets[index]) })),
      ({ topic }) => topic,
    );
    try {
      await this.#commit({ topics: [...byTopic].map(([topic, partitions]) => ({ topic, partitions })) });
      due.forEach((partition, index) => {
        partition.committed = offsets[index];
      });
    } catch (error) {
      // A stale commit, refused while the group rebalances, or a coordinator that is away. The ledger keeps what is done.
      this.#patience.log.debug("kafka.commit", { cause: describeCause(error) });
    }
  }

  async #watchForStalls(): Promise<void> {
    // kafkajs can stall silently: its fetch loop ends and nothing says so.
    const stallTimeoutMs = this.#options.settings.KAFKA_STALL_TIMEOUT_MS;
    while (!this.#closed) {
      await sleep(Math.min(1_000, stallTimeoutMs / 4), undefined, { ref: false });
      const silentMs = Date.now() - this.#lastProgressAt;
      if (silentMs > stallTimeoutMs) this.#replace(`no fetch for ${silentMs} ms`);
    }
  }

  /** Leaves what is in flight to the next owner of the partitions and joins anew. */
  #replace(cause: string): void {
    if (this.#replacing || this.#closed) return;
    const broken = this.#consumer;
    this.#consumer = undefined;
    this.#commit = undefined;
    this.#report("retry", { cause });
    this.#patience.health.waiting("kafka.consume", cause);
    for (const partition of this.#partitions.values()) partition.revoked = true;
    this.#partitions.clear();
    if (this.#memberId !== "") this.#abandonedMemberId = this.#memberId;
    this.#memberId = "";
    this.#replacing = this.#reopen(broken).finally(() => {
      this.#replacing = undefined;
    });
  }

  async #reopen(broken: Consumer | undefined): Promise<void> {
    // A stalled client may never finish to disconnect.
    const disconnected = broken?.disconnect().catch(() => undefined);
    await Promise.race([disconnected, sleep(2_000)]);
    await sleep(backoffDelayMs(0, this.#patience.backoff));
    await this.#open().catch((error) => {
      if (!this.#patience.hardStop.aborted) throw error;
    });
  }

  #report(status: "ok" | "retry", details: Record<string, unknown>): void {
    this.#patience.log.record("kafka.consume", status, undefined, { groupId: this.#options.groupId, ...details });
  }
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
