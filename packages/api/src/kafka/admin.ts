import { setTimeout as sleep } from "node:timers/promises";
import { type createKafka, protocolError } from "@millrace/kafka";

export type Kafka = ReturnType<typeof createKafka>;
type Admin = ReturnType<Kafka["admin"]>;

const TRIES_MAX = 3;
const AGAIN_MS = 100;

/**
 * An admin client that connects with its first use and is replaced after a failure: kafkajs's remembers every topic
 * that it was asked about, and fails for ever when one of them was deleted. What a broker answers is tried again, since
 * what it knows of topics that were just created or deleted lags behind.
 */
export class KafkaAdmin implements AsyncDisposable {
  #kafka: Kafka;
  #connecting: Promise<Admin> | undefined;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  async use<Value>(work: (admin: Admin) => Promise<Value>): Promise<Value> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#useOnce(work);
      } catch (error) {
        if (tries === TRIES_MAX || protocolError(error) === undefined) throw error;
        await sleep(tries * AGAIN_MS);
      }
    }
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

  async [Symbol.asyncDispose](): Promise<void> {
    await disconnect(this.#connecting);
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
