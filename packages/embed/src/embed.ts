import type { RecordProducer } from "@millrace/kafka";
import {
  decodeBatch,
  encodeBatch,
  type Failure,
  isTombstone,
  type Message,
  type PoisonFault,
  type Settled,
  SpareMemory,
  VectorsRecord,
} from "@millrace/shared";
import { type BatchEdges, type BatchStage, createBatchStage, type MessageBatch } from "@millrace/stage";
import type { EmbedConfig } from "./config.ts";
import type { Embedder } from "./embedder.ts";
import { type EmitEdges, emitVectors } from "./emit-vectors.ts";
import type { Embedded } from "./provider.ts";

/** The messages of one record of the batches topic, and that record as it came. */
export interface TextBatch extends MessageBatch<Message> {
  record: Buffer;
}

export interface EmbedEdges extends EmitEdges {
  embedder: Embedder;
}

/** Passes the texts of one batch to the embedder, emits the batch with its vectors, and hands back what can't be embedded or emitted. */
export async function embed({ record, messages }: TextBatch, edges: EmbedEdges): Promise<Settled<Message>> {
  const whole = new VectorsRecord(record, edges.spare);
  const { embedded, failed } = await embedTexts(messages, whole, edges.embedder);
  const remaining = without(messages, failed);
  if (remaining.length === 0) return { done: [], poison: failed };
  const emitted = failed.length === 0 ? whole : new VectorsRecord(encodeBatch(remaining), edges.spare);
  const { refused, reusable } = await emitVectors(emitted, remaining, embedded, edges);
  // Without a copy the record lies where the vectors were made, and a socket may still hold it.
  if (emitted !== whole || reusable) void releaseWhenUnread(whole, embedded);
  return { done: without(remaining, refused), poison: [...failed, ...refused] };
}

/** `embed` as the work of a stage that follows the protocol. */
export function createEmbedStage(
  config: EmbedConfig,
  edges: BatchEdges & { embedder: Embedder; producer: RecordProducer },
): BatchStage {
  const { VECTORS_TOPIC: topic, KAFKA_RECORD_MAX_BYTES: recordMaxBytes } = config;
  const { embedder, producer } = edges;
  const embedEdges = { embedder, producer, topic, recordMaxBytes, spare: new SpareMemory() };
  const definition = {
    stage: "embed",
    action: "embed.batch",
    milestone: "embedded",
    decode: (record: Buffer): TextBatch => ({ record, messages: decodeBatch(record), bytes: record.length }),
    single: (message: Message) => batchOf(encodeBatch([message]), message),
    work: (batch: TextBatch) => embed(batch, embedEdges),
  } as const;
  return createBatchStage(definition, config.ATTEMPTS_MAX, edges);
}

function batchOf(record: Buffer, message: Message): TextBatch {
  return { record, messages: [message], bytes: record.length };
}

async function embedTexts(
  messages: readonly Message[],
  record: VectorsRecord,
  embedder: Embedder,
): Promise<{ embedded: Embedded; failed: Failure<Message, PoisonFault>[] }> {
  const texts = messages.filter((message) => !isTombstone(message));
  if (texts.length === 0) return { embedded: noVectors, failed: [] };
  const embedded = await embedder.embed(texts, (length) => record.allocate(length));
  const failed = embedded.failed.flatMap(({ index, fault }) => {
    const item = texts[index];
    return item ? [{ item, fault }] : [];
  });
  return { embedded, failed };
}

function without(messages: readonly Message[], failed: readonly Failure<Message, PoisonFault>[]): Message[] {
  const items = new Set<Message>(failed.map(({ item }) => item));
  return messages.filter((message) => !items.has(message));
}

/** The cache may still read the vectors. */
async function releaseWhenUnread(record: VectorsRecord, { released }: Embedded): Promise<void> {
  if ((await released) !== false) record.release();
}

/** For a batch of nothing but tombstones. */
const noVectors: Embedded = { model: "none", dimensions: 1, vectors: new Float32Array(0), failed: [] };
