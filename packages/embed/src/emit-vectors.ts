import type { RecordProducer } from "@millrace/kafka";
import {
  bisect,
  encodeBatch,
  type Failure,
  isTombstone,
  type Message,
  type PoisonFault,
  poison,
  type SpareMemory,
  VectorsRecord,
} from "@millrace/shared";
import type { Embedded } from "./provider.ts";

export interface EmitEdges {
  producer: RecordProducer;
  topic: string;
  /** Most bytes of a record that holds more than one message. */
  recordMaxBytes: number;
  spare: SpareMemory;
}

export interface Emitted {
  /** Messages whose records are too large even alone. */
  refused: Failure<Message, PoisonFault>[];
  /** Whether the memory of `record` may be used again. */
  reusable: boolean;
}

/**
 * Emits messages with their vectors: in `record` where the topic takes it, else by halves, each with a record of its own.
 *
 * @param record made from the same messages
 */
export async function emitVectors(
  record: VectorsRecord,
  messages: readonly Message[],
  embedded: Embedded,
  { producer, topic, recordMaxBytes, spare }: EmitEdges,
): Promise<Emitted> {
  const { model, dimensions, vectors } = embedded;
  const emitted: Emitted = { refused: [], reusable: true };
  const attempt = async (some: readonly Message[]) => {
    const isWhole = some === messages;
    const own = isWhole ? record : new VectorsRecord(encodeBatch(some), spare);
    const rows = isWhole ? vectors : rowsOf(some, messages, embedded);
    if (some.length > 1 && own.batch.length + rows.byteLength > recordMaxBytes) {
      return { refusal: poison("too_long", `a record may have ${recordMaxBytes} bytes`) };
    }
    const value = own.encode(model, dimensions, rows);
    const { refused, reusable } = await producer.send(topic, [{ value }]);
    if (isWhole) emitted.reusable = reusable;
    else if (reusable) own.release();
    return refused[0] ? { refusal: refused[0].fault } : { taken: undefined };
  };
  for await (const part of bisect(messages, attempt)) {
    if ("refusal" in part) for (const item of part.items) emitted.refused.push({ item, fault: part.refusal });
  }
  return emitted;
}

/** The rows of some neighbours among the messages; a tombstone has none. */
function rowsOf(
  some: readonly Message[],
  messages: readonly Message[],
  { dimensions, vectors }: Embedded,
): Float32Array<ArrayBuffer> {
  const start = some[0] ? messages.indexOf(some[0]) : 0;
  const before = textsIn(messages.slice(0, start));
  return vectors.subarray(before * dimensions, (before + textsIn(some)) * dimensions);
}

function textsIn(messages: readonly Message[]): number {
  return messages.reduce((count, message) => count + (isTombstone(message) ? 0 : 1), 0);
}
