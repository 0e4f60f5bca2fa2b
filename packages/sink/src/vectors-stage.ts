import { decodeVectors, encodedSize, isTombstone, Latency } from "@millrace/shared";
import { type BatchEdges, type BatchStage, createBatchStage, type MessageBatch } from "@millrace/stage";
import type { SinkConfig } from "./config.ts";
import { endToEndCounts } from "./end-to-end.ts";
import { type EmbeddedMessage, type SinkEdges, sink } from "./sink.ts";

type VectorBatch = MessageBatch<EmbeddedMessage>;

/** Batches that wait are joined until they have so many messages. A full batch has more (256): none is joined to it. */
const JOINED_MESSAGES = 200;

export interface VectorsStage extends BatchStage {
  /** From the record's timestamp in the source topic until both stores have the message. */
  readonly publishToStored: Latency;
}

/** `sink` as the work of a stage that follows the protocol, on the records of the vectors topic. */
export function createVectorsStage(
  edges: SinkEdges & BatchEdges,
  config: Pick<SinkConfig, "SINK_CONCURRENCY" | "ATTEMPTS_MAX">,
): VectorsStage {
  const publishToStored = new Latency();
  const measure = (done: readonly EmbeddedMessage[]) => {
    const endToEndMs = endToEndCounts(done);
    for (const [ageMs, count] of Object.entries(endToEndMs)) publishToStored.record(Number(ageMs), count);
    return { endToEndMs };
  };
  const definition = {
    stage: "sink",
    action: "sink.batch",
    milestone: "stored",
    decode,
    single: (message: EmbeddedMessage) => ({ messages: [message], bytes: encodedSize(message) }),
    work: ({ messages }: VectorBatch) => sink(messages, edges),
    concurrency: config.SINK_CONCURRENCY,
    join,
    measure,
  } as const;
  const stage = createBatchStage(definition, config.ATTEMPTS_MAX, edges);
  return { accept: (received) => stage.accept(received), done: stage.done, publishToStored };
}

function decode(record: Buffer): VectorBatch {
  const { model, dimensions, messages, vectors } = decodeVectors(record);
  let at = 0;
  const embedded = messages.map((message) => {
    const start = at;
    if (!isTombstone(message)) at += dimensions * Float32Array.BYTES_PER_ELEMENT;
    return { ...message, model, dimensions, vector: vectors.subarray(start, at) };
  });
  return { messages: embedded, bytes: record.length };
}

/**
 * Small batches cost a request each, so those that wait are stored together. Not with vectors of other dimensions:
 * OpenSearch would reject those one by one, as if it were their fault.
 */
function join(batch: VectorBatch, next: VectorBatch): VectorBatch | undefined {
  if (batch.messages.length >= JOINED_MESSAGES) return undefined;
  if (batch.messages[0]?.dimensions !== next.messages[0]?.dimensions) return undefined;
  return { messages: [...batch.messages, ...next.messages], bytes: batch.bytes + next.bytes };
}
