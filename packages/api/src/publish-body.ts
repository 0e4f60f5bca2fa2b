import { z } from "@hono/zod-openapi";
import type { OutgoingRecord } from "@millrace/kafka";
import { jsonPointer, type RequestError, requestErrors } from "@millrace/shared";
import { HttpProblem } from "./problem.ts";

/** Limits of a request to publish. */
export interface PublishLimits {
  /** Topics open for publishing; the first is the default. */
  topics: readonly string[];
  maxBytes: number;
  maxMessages: number;
  /** Total size of a message's key, headers and value. */
  messageMaxBytes: number;
}

/** A validated message and its size. */
export interface PublishRecord {
  topic: string;
  record: OutgoingRecord;
  bytes: number;
}

// A lone surrogate has no UTF-8 encoding and would silently become U+FFFD in Kafka.
const wellFormed = z.string().refine((text) => text.isWellFormed(), { error: "has a lone surrogate" });

export function createMessageSchema(topics: readonly string[]) {
  return z
    .strictObject({
      text: wellFormed.optional().openapi({
        description: "The record's value, as UTF-8. An empty text is accepted, then dead-lettered by the pipeline.",
      }),
      value: z.unknown().optional().openapi({
        description: "The record's value, as JSON. Numbers have double precision.",
      }),
      key: wellFormed.optional().openapi({ description: "Messages with the same key keep their order." }),
      topic: z
        .enum(topics)
        .optional()
        .openapi({ description: `Default: ${topics[0]}` }),
      headers: z.record(wellFormed.min(1).max(249), wellFormed).optional(),
    })
    .refine((message) => "text" in message !== "value" in message, { error: "give exactly one of text and value" });
}
type MessageSchema = ReturnType<typeof createMessageSchema>;

/** Parses a body into records, or throws one problem that lists all of its faults. */
export function parsePublishBody(
  contentType: string | undefined,
  body: Uint8Array,
  schema: MessageSchema,
  limits: PublishLimits,
): PublishRecord[] {
  const mediaType = contentType?.split(";")[0]?.trim().toLowerCase();
  switch (mediaType) {
    case "application/json":
      return parseMessages(parseJson(decodeText(body)), schema, limits);
    case "text/plain":
      return toRecords([{ text: decodeText(body) }], limits, () => []);
    default:
      throw new HttpProblem("unsupported-media-type", "send application/json or text/plain");
  }
}

export function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new HttpProblem("malformed-body", "the body is not UTF-8");
  }
}

/** Throws a problem if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Drops the parser's message: it quotes the body, which must not reach a log.
    throw new HttpProblem("malformed-body", "the body is not JSON");
  }
}

function parseMessages(body: unknown, schema: MessageSchema, limits: PublishLimits): PublishRecord[] {
  const isArray = Array.isArray(body);
  const items: unknown[] = isArray ? body : [body];
  if (items.length === 0) throw refused([{ path: "", message: "the array is empty" }]);
  if (items.length > limits.maxMessages) {
    throw refused([{ path: "", message: `${items.length} messages exceed the limit of ${limits.maxMessages}` }]);
  }
  const rootOf = (index: number): number[] => (isArray ? [index] : []);
  const errors: RequestError[] = [];
  const messages: z.output<MessageSchema>[] = [];
  for (const [index, item] of items.entries()) {
    const parsed = schema.safeParse(item);
    if (parsed.success) messages.push(parsed.data);
    else errors.push(...requestErrors(parsed.error, rootOf(index)));
  }
  if (errors.length > 0) throw refused(errors);
  return toRecords(messages, limits, rootOf);
}

function toRecords(
  messages: readonly z.output<MessageSchema>[],
  limits: PublishLimits,
  rootOf: (index: number) => number[],
): PublishRecord[] {
  const errors: RequestError[] = [];
  const records: PublishRecord[] = [];
  for (const [index, message] of messages.entries()) {
    const root = rootOf(index);
    const value = encodeValue(message);
    if (!value) {
      errors.push({ path: jsonPointer([...root, "value"]), message: "is nested too deeply" });
      continue;
    }
    const record = toRecord(message, value);
    if (record.bytes > limits.messageMaxBytes) {
      const message = `${record.bytes} bytes exceed the limit of ${limits.messageMaxBytes}`;
      errors.push({ path: jsonPointer(root), message });
    }
    records.push({ ...record, topic: message.topic ?? limits.topics[0] ?? "" });
  }
  if (errors.length > 0) throw refused(errors);
  return records;
}

/** `undefined` if the JSON is nested too deeply: parsing it works, but serialising it recurses. */
function encodeValue(message: z.output<MessageSchema>): Buffer | undefined {
  if (message.text !== undefined) return Buffer.from(message.text);
  try {
    return Buffer.from(JSON.stringify(message.value));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function toRecord({ key, headers }: z.output<MessageSchema>, value: Buffer): Omit<PublishRecord, "topic"> {
  const record = {
    key: key === undefined ? null : Buffer.from(key),
    value,
    headers: Object.entries(headers ?? {}).map(([name, text]) => [name, Buffer.from(text)] as const),
  };
  const headerBytes = record.headers.reduce((sum, [name, text]) => sum + Buffer.byteLength(name) + text.length, 0);
  return { record, bytes: value.length + (record.key?.length ?? 0) + headerBytes };
}

function refused(errors: RequestError[]): HttpProblem {
  const what = errors.length === 1 ? "a part of the body is" : `${errors.length} parts of the body are`;
  return new HttpProblem("invalid-body", `${what} invalid; nothing was published`, { errors });
}
