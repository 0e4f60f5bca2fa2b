declare module "kafkajs/src/consumer/batch.js" {
  import type { KafkaMessage } from "kafkajs";

  interface FetchedMessage {
    offset: string;
    /** Of the batch that contained the record; absent in the format before Kafka 0.11. */
    batchContext?: { firstOffset: string; lastOffsetDelta: number };
  }

  /** The records of one partition in a fetch response, without aborted transactions, control records and records before the offset. */
  export default class Batch {
    constructor(
      topic: string,
      fetchedOffset: string,
      partition: {
        partition: number;
        highWatermark: string;
        /** The end of the readable records. */
        lastStableOffset: string;
        /** As received. */
        messages: FetchedMessage[];
      },
    );
    readonly partition: number;
    readonly messages: KafkaMessage[];
  }
}
