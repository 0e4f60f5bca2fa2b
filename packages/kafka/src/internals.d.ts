declare module "kafkajs/src/consumer/batch.js" {
  import type { KafkaMessage } from "kafkajs";

  interface FetchedMessage {
    offset: string;
    /** Of the batch that the record came in; absent in the format before Kafka 0.11. */
    batchContext?: { firstOffset: string; lastOffsetDelta: number };
  }

  /** What a fetch brought of one partition, without aborted transactions, control records, and what lies before the offset. */
  export default class Batch {
    constructor(
      topic: string,
      fetchedOffset: string,
      partition: {
        partition: number;
        highWatermark: string;
        /** Where what may be read ends. */
        lastStableOffset: string;
        /** As they came. */
        messages: FetchedMessage[];
      },
    );
    readonly partition: number;
    readonly messages: KafkaMessage[];
  }
}
