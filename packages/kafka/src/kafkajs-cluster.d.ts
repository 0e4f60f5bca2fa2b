/** Inside of kafkajs 2.2.4, its last release: single requests to a broker, which its public clients don't offer. */
declare module "kafkajs/src/cluster/index.js" {
  import type { Broker, KafkaConfig, Logger } from "kafkajs";

  export interface RequestBroker extends Omit<Broker, "metadata" | "offsetCommit"> {
    metadata(topics: string[]): Promise<unknown>;
    produce(request: unknown): Promise<unknown>;
    offsetCommit(request: unknown): Promise<unknown>;
    createTopics(request: unknown): Promise<unknown>;
    initProducerId(request: { transactionTimeout: number }): Promise<unknown>;
  }

  export default class Cluster {
    constructor(
      options: Omit<KafkaConfig, "logLevel" | "logCreator" | "socketFactory"> & {
        logger: Logger;
        socketFactory: unknown;
        allowAutoTopicCreation: boolean;
      },
    );
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    brokerPool: { findConnectedBroker(): Promise<RequestBroker> };
  }
}

declare module "kafkajs/src/network/socketFactory.js" {
  export default function createSocketFactory(): unknown;
}
