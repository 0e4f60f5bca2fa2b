import { connectProducer, type Kafka, type RecordProducer } from "@millrace/kafka";
import { describeCause, type Patience, retryable } from "@millrace/shared";
import type { MessageLog } from "../routes/publish.ts";
import { GroupCommit, type GroupLimits } from "./group-commit.ts";

/** Clients of the api retry soon after Kafka is back, so this producer reconnects more often than the stages do. */
const RECONNECT_MAX_MS = 2_000;

/** Writes to Kafka. It connects in the background; until then every append fails at once. */
export class KafkaMessageLog implements MessageLog, AsyncDisposable {
  #producer: RecordProducer | undefined;
  #commits: GroupCommit;
  #closed = new AbortController();
  #connecting: Promise<void>;
  #whyNot: () => string;

  constructor(kafka: Kafka, patience: Patience, limits: GroupLimits) {
    const { log, health, backoff, hardStop } = patience;
    const connecting = connectProducer(kafka, {
      ...{ log, health },
      backoff: { ...backoff, maxMs: Math.min(backoff.maxMs, RECONNECT_MAX_MS) },
      hardStop: AbortSignal.any([hardStop, this.#closed.signal]),
    });
    this.#whyNot = () => health.dependencies["kafka.produce"]?.cause ?? "not connected yet";
    this.#commits = new GroupCommit(async (topic, records) => {
      return (await this.#producer?.trySend(topic, records)) ?? { fault: retryable("unavailable", this.#whyNot()) };
    }, limits);
    this.#connecting = connecting.then(
      (producer) => {
        this.#producer = producer;
      },
      (error) => {
        this.#whyNot = () => describeCause(error);
      },
    );
  }

  append(...[topic, records]: Parameters<MessageLog["append"]>): ReturnType<MessageLog["append"]> {
    return this.#commits.append(topic, records);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error("the api stops"));
    await this.#connecting;
    await this.#producer?.[Symbol.asyncDispose]();
  }
}
