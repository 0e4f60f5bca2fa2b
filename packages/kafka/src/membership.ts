import { setTimeout as sleep } from "node:timers/promises";
import { backoffDelayMs, delay, describeCause, type Patience } from "@millrace/shared";
import type { EachBatchPayload, Kafka } from "kafkajs";
import type { AssignedPartitions } from "./assigned-partitions.ts";
import { GroupClient, type GroupOptions } from "./group-client.ts";

/**
 * - `joining`: connects and joins the group, for as long as that takes. → consuming
 * - `consuming`: has partitions and fetches. Each rebalance logs this state again, with the new partitions. → replacing, draining
 * - `replacing`: the client crashed or stalled; it is left behind, and another one joins. → joining
 * - `draining`: fetches no more; stays in the group, so that the records in flight can still be committed. → closed
 * - `closed`: leaves the group. Every other state may end here.
 */
export type MembershipState = "joining" | "consuming" | "replacing" | "draining" | "closed";

type Status = "ok" | "retry";
type Details = Record<string, unknown>;

export type CommitOffsets = EachBatchPayload["commitOffsetsIfNecessary"];

/** How long a batch that can't be delivered rests, so that the client does not fetch it again in a tight loop. */
const REST_MS = 20;

/** This process's membership in a consumer group, over as many kafkajs clients as that takes. */
export class Membership {
  readonly #kafka: Kafka;
  readonly #options: GroupOptions;
  readonly #partitions: AssignedPartitions;
  readonly #patience: Patience;
  readonly #deliver: (batch: EachBatchPayload) => Promise<void>;
  readonly #stopping = new AbortController();
  /** Ends every wait of a join. */
  readonly #ends: AbortSignal;
  readonly #watchdog: NodeJS.Timeout;
  #state: MembershipState = "joining";
  #client: GroupClient | undefined;
  #commitOffsets: CommitOffsets | undefined;
  #lastProgressAt = Date.now();
  #replacing: Promise<void> | undefined;
  /** Of a client that was replaced and may not have left the group. */
  #abandonedMemberId = "";

  constructor(
    kafka: Kafka,
    options: GroupOptions,
    partitions: AssignedPartitions,
    patience: Patience,
    deliver: (batch: EachBatchPayload) => Promise<void>,
  ) {
    this.#kafka = kafka;
    this.#options = options;
    this.#partitions = partitions;
    this.#patience = patience;
    this.#deliver = deliver;
    this.#ends = AbortSignal.any([patience.hardStop, this.#stopping.signal]);
    const checkEveryMs = Math.min(1_000, options.settings.KAFKA_STALL_TIMEOUT_MS / 4);
    this.#watchdog = setInterval(() => this.#replaceIfStalled(), checkEveryMs).unref();
  }

  /** Draining or closed: records are no longer accepted. */
  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** `undefined` while there is no client that could commit. */
  get commitOffsets(): CommitOffsets | undefined {
    return this.#commitOffsets;
  }

  async join(): Promise<void> {
    this.#become("joining");
    for (let attempt = 0; this.#state === "joining"; attempt++) {
      try {
        await this.#joinOnce();
      } catch (error) {
        if (this.isStopping) return;
        const cause = describeCause(error);
        this.#become("joining", "retry", { cause, attempt: attempt + 1 });
        this.#patience.health.waiting("kafka.consume", cause);
        await this.#pause(backoffDelayMs(attempt, this.#patience.backoff));
      }
    }
  }

  /** Called while the member waits for room: it does not fetch then, and is not stalled. */
  progressed(): void {
    this.#lastProgressAt = Date.now();
    this.#patience.health.working("kafka.consume");
  }

  drain(): void {
    this.#become("draining");
    this.#stopping.abort();
  }

  close(): void {
    this.#become("closed");
    this.#stopping.abort();
    clearInterval(this.#watchdog);
  }

  async leave(): Promise<void> {
    await this.#replacing;
    await this.#client?.leave();
  }

  async #joinOnce(): Promise<void> {
    const client = this.#newClient();
    this.#client = client;
    this.#lastProgressAt = Date.now();
    try {
      await client.join(this.#abandonedMemberId, this.#ends);
      this.#abandonedMemberId = "";
      // A client that joined has reported its partitions by now; the watchdog finds one that is silent.
      if (this.#state === "joining") this.#become("consuming", "ok", { partitions: this.#partitions.names });
    } catch (error) {
      await this.#detach()?.leaveInTime();
      throw error;
    }
  }

  #newClient(): GroupClient {
    const isCurrent = (): boolean => client === this.#client;
    const client: GroupClient = new GroupClient(this.#kafka, this.#options, {
      assigned: (memberId, assignment) => {
        if (!isCurrent()) return;
        this.#partitions.assign(memberId, assignment);
        this.progressed();
        this.#become("consuming", "ok", { partitions: this.#partitions.names });
      },
      fetched: () => {
        if (isCurrent()) this.progressed();
      },
      received: async (batch) => {
        // A client that was replaced may still hold a batch.
        if (!isCurrent()) await sleep(REST_MS);
        else {
          this.#commitOffsets = batch.commitOffsetsIfNecessary;
          await this.#deliver(batch);
        }
      },
      crashed: (cause) => {
        if (isCurrent()) this.#abandon(cause);
      },
      unassignable: (topic, error) =>
        this.#report("retry", { cause: `${topic} of another member could not be assigned: ${describeCause(error)}` }),
    });
    return client;
  }

  /** kafkajs can stall silently: its fetch loop ends without an event. */
  #replaceIfStalled(): void {
    const silentMs = Date.now() - this.#lastProgressAt;
    const isStalled = silentMs > this.#options.settings.KAFKA_STALL_TIMEOUT_MS;
    if (isStalled && this.#state === "consuming") this.#abandon(`no fetch for ${silentMs} ms`);
  }

  #abandon(cause: string): void {
    const broken = this.#detach();
    this.#become("replacing", "retry", { cause });
    this.#patience.health.waiting("kafka.consume", cause);
    this.#replacing = this.#replace(broken).catch((error) => {
      if (!this.#patience.hardStop.aborted) throw error;
    });
  }

  async #replace(broken: GroupClient | undefined): Promise<void> {
    await broken?.leaveInTime();
    await this.#pause(backoffDelayMs(0, this.#patience.backoff));
    if (!this.isStopping) await this.join();
  }

  /** Leaves the records in flight to the next owners of the partitions. */
  #detach(): GroupClient | undefined {
    const client = this.#client;
    this.#client = undefined;
    this.#commitOffsets = undefined;
    if (this.#partitions.memberId !== "") this.#abandonedMemberId = this.#partitions.memberId;
    this.#partitions.revokeAll();
    return client;
  }

  /** A stop ends it early; a hard stop rejects. */
  async #pause(ms: number): Promise<void> {
    await delay(ms, this.#ends).catch((error) => {
      if (!this.isStopping) throw error;
    });
  }

  /** The only place that changes the state. A member that stops does nothing else any more. */
  #become(state: MembershipState, status: Status = "ok", details: Details = {}): void {
    if (!this.isStopping || state === "closed") this.#state = state;
    this.#report(status, { state: this.#state, ...details });
  }

  #report(status: Status, details: Details): void {
    this.#patience.log.record("kafka.consume", status, undefined, { groupId: this.#options.groupId, ...details });
  }
}
