declare module "kafkajs/src/consumer/batch.js" {
  import type { KafkaMessage } from "kafkajs";

  /** What a fetch brought of one partition, without aborted transactions, control records, and what lies before the offset. */
  export default class Batch {
    constructor(topic: string, fetchedOffset: string, partition: { partition: number; highWatermark: string });
    readonly partition: number;
    readonly messages: KafkaMessage[];
    isEmptyIncludingFiltered(): boolean;
    lastOffset(): string;
  }
}
