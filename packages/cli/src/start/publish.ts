import { isUtf8 } from "node:buffer";
import { connectProducer, type Placement, type RecordProducer } from "@millrace/kafka";
import { z } from "zod";
import type { Clients } from "../clients.ts";
import { CommandError } from "../errors.ts";
import { API_MESSAGE_MAX_BYTES, type MessageSource, type SourceMessage } from "../messages/source.ts";

/** Limits of one request; in JSON a byte takes at most six, and the api accepts 10 MiB. */
const REQUEST_MAX_MESSAGES = 500;
const REQUEST_MAX_BYTES = 1_500_000;

const answerSchema = z.object({ messages: z.array(z.object({ partition: z.int(), offset: z.int() })) });
const refusalSchema = z.object({ title: z.string(), detail: z.string() });

/** Counts the messages, and finds one that is too large for Kafka before any is published. */
export async function checkMessages(
  source: MessageSource,
  settings: { KAFKA_RECORD_MAX_BYTES: number },
): Promise<number> {
  const maxBytes = settings.KAFKA_RECORD_MAX_BYTES;
  let count = 0;
  for await (const message of source.read()) {
    count++;
    if (bytesOf(message) <= maxBytes) continue;
    throw new CommandError(
      `Message ${count} has ${bytesOf(message)} bytes, and the limit is ${maxBytes}: shorten it, or raise KAFKA_RECORD_MAX_BYTES.`,
    );
  }
  if (count === 0) throw new CommandError(`Found no ${source.title}: name another file with --messages.`);
  return count;
}

/**
 * Publishes through `POST /publish`. Messages that it can't carry go straight to Kafka, as another producer's might:
 * bytes that are not UTF-8, a record without a value, and a message longer than the api accepts.
 */
export async function publishMessages(
  source: MessageSource,
  api: URL,
  services: Clients,
  onPublished: (placements: readonly Placement[]) => void,
): Promise<void> {
  await using producer = await connectProducer(services.kafka, services.patience);
  for await (const chunk of chunksOf(source.read())) {
    const byApi = Map.groupBy(chunk, fitsApi);
    onPublished(await publishByApi(byApi.get(true) ?? [], api, services.patience.hardStop));
    onPublished(await publishDirectly(byApi.get(false) ?? [], producer, services.topic));
  }
}

function fitsApi(message: SourceMessage): boolean {
  return message.value !== null && bytesOf(message) <= API_MESSAGE_MAX_BYTES && isUtf8(message.value);
}

async function publishByApi(messages: readonly SourceMessage[], api: URL, stop: AbortSignal): Promise<Placement[]> {
  if (messages.length === 0) return [];
  const response = await fetch(new URL("/publish", api), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(
      messages.map(({ key, value }) => ({ text: value?.toString(), ...(key !== undefined && { key }) })),
    ),
    signal: stop,
  });
  const answer: unknown = await response.json();
  if (response.status === 202) return answerSchema.parse(answer).messages;
  const refusal = refusalSchema.safeParse(answer);
  const why = refusal.success ? `${refusal.data.title}: ${refusal.data.detail}` : "no reason given";
  throw new CommandError(
    `POST /publish answered ${response.status} (${why}): check the log of the api, then start again.`,
  );
}

async function publishDirectly(
  messages: readonly SourceMessage[],
  producer: RecordProducer,
  topic: string,
): Promise<Placement[]> {
  const placements: Placement[] = [];
  // One request per message: a broker limits the size of all records of a request together.
  for (const { key, value } of messages) {
    const outcome = await producer.trySend(topic, [{ value, key: key === undefined ? null : Buffer.from(key) }]);
    if ("fault" in outcome) {
      throw new CommandError(
        `Kafka refused a message (${outcome.fault.cause}): check the logs of the stack, then start again.`,
      );
    }
    placements.push(...outcome.value);
  }
  return placements;
}

async function* chunksOf(messages: AsyncIterable<SourceMessage>): AsyncGenerator<SourceMessage[]> {
  let chunk: SourceMessage[] = [];
  let bytes = 0;
  for await (const message of messages) {
    if (chunk.length === REQUEST_MAX_MESSAGES || (chunk.length > 0 && bytes + bytesOf(message) > REQUEST_MAX_BYTES)) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(message);
    bytes += bytesOf(message);
  }
  if (chunk.length > 0) yield chunk;
}

function bytesOf({ key, value }: SourceMessage): number {
  return (value?.length ?? 0) + (key === undefined ? 0 : Buffer.byteLength(key));
}
