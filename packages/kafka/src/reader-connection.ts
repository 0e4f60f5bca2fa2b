import type { Kafka } from "kafkajs";
import { createCluster, type InternalBroker, type InternalCluster } from "./internals/kafkajs.ts";
import { protocolError } from "./protocol-error.ts";

const LEADERS_MAX_AGE_MS = 30_000;

/** The broker that leads each partition of a topic. */
export type Leaders = ReadonlyMap<number, number>;

/**
 * Connections to the brokers, shared by concurrent calls that don't affect each other. It connects on first use. After
 * `retire` it disconnects once its last call has ended.
 */
export class ReaderConnection {
  readonly #opening: Promise<InternalCluster>;
  // One entry for each topic that is read.
  readonly #leaders = new Map<string, { leaders: Leaders; untilMs: number }>();
  #users = 0;
  #isRetired = false;

  constructor(kafka: Kafka) {
    this.#opening = connect(kafka);
  }

  async use<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#users++;
    try {
      return await work();
    } finally {
      this.#users--;
      this.#closeWhenUnused();
    }
  }

  /** Takes no more calls; lets the current ones end. */
  retire(): void {
    this.#isRetired = true;
    this.#closeWhenUnused();
  }

  /** Ends the current calls too. */
  async close(): Promise<void> {
    await this.#opening.then((cluster) => cluster.disconnect()).catch(() => undefined);
  }

  async broker(nodeId: number): Promise<InternalBroker> {
    return (await this.#opening).findBroker({ nodeId });
  }

  /** `undefined`: the topic does not exist. */
  async leaders(topic: string): Promise<Leaders | undefined> {
    const known = this.#leaders.get(topic);
    if (known && performance.now() < known.untilMs) return known.leaders;
    const leaders = await fetchLeaders(await this.#opening, topic);
    if (leaders) this.#leaders.set(topic, { leaders, untilMs: performance.now() + LEADERS_MAX_AGE_MS });
    else this.forget(topic);
    return leaders;
  }

  /** The leaders may have moved. */
  forget(topic: string): void {
    this.#leaders.delete(topic);
  }

  #closeWhenUnused(): void {
    if (this.#isRetired && this.#users === 0) void this.close();
  }
}

async function connect(kafka: Kafka): Promise<InternalCluster> {
  const cluster = createCluster(kafka);
  await cluster.connect();
  return cluster;
}

async function fetchLeaders(cluster: InternalCluster, topic: string): Promise<Leaders | undefined> {
  try {
    const response = await cluster.metadata({ topics: [topic] });
    const metadata = response?.topicMetadata.find((each) => each.topic === topic);
    if (!metadata) throw new Error(`no broker returned the leaders of topic ${topic}`);
    return new Map(metadata.partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader]));
  } catch (error) {
    if (protocolError(error) === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  }
}
