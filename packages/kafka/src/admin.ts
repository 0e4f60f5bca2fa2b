import type { Admin, Kafka } from "kafkajs";
import { retryBroker } from "./retry-broker.ts";

/**
 * An admin client that connects on first use and is replaced after a failure: kafkajs's client caches every topic that it
 * was asked for, and fails for good once one of them is deleted. Requests are retried while brokers learn of a topic that
 * was just created or deleted.
 */
export class KafkaAdmin implements AsyncDisposable {
  readonly #kafka: Kafka;
  #connecting: Promise<Admin> | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  use<Value>(work: (admin: Admin) => Promise<Value>): Promise<Value> {
    return retryBroker(() => this.#useOnce(work));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.#connecting);
  }

  async #useOnce<Value>(work: (admin: Admin) => Promise<Value>): Promise<Value> {
    this.#connecting ??= connect(this.#kafka);
    const connecting = this.#connecting;
    try {
      return await work(await connecting);
    } catch (error) {
      if (this.#connecting === connecting) this.#connecting = undefined;
      await disconnect(connecting);
      throw error;
    }
  }
}

async function connect(kafka: Kafka): Promise<Admin> {
  const admin = kafka.admin();
  await admin.connect();
  return admin;
}

async function disconnect(connecting: Promise<Admin> | undefined): Promise<void> {
  await connecting?.then((admin) => admin.disconnect()).catch(() => undefined);
}
