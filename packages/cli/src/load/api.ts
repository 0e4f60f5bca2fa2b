import { describeCause } from "@millrace/shared";
import { milestones } from "@millrace/stage";
import { z } from "zod";
import { type HttpClient, HttpTimeout } from "./http-client.ts";

const publishedSchema = z.object({ messages: z.tuple([z.object({ id: z.string() })]) });

const statusSchema = z.object({
  state: z.enum(milestones),
  milestones: z.partialRecord(z.enum(milestones), z.string()),
  record: z.object({ timestamp: z.string() }).optional(),
});

/** `error` is of a countable kind, such as `503` or `ECONNREFUSED`. */
export type PublishOutcome = { id: string } | { error: string };

/** Publishes one message; never rejects. */
export async function publish(client: HttpClient, text: string): Promise<PublishOutcome> {
  try {
    const { status, body } = await client.request("/publish", JSON.stringify({ text }));
    if (status !== 202) return { error: String(status) };
    const parsed = publishedSchema.safeParse(JSON.parse(body));
    return parsed.success ? { id: parsed.data.messages[0].id } : { error: "an answer of another form" };
  } catch (error) {
    return { error: kindOf(error) };
  }
}

export type MessageOutcome = { state: "stored"; atMs: number } | { state: "dead_lettered" };

/** The outcome of a message; `undefined` if there is none yet, or if it can't be determined now. Never rejects. */
export async function outcomeOf(client: HttpClient, id: string): Promise<MessageOutcome | undefined> {
  try {
    const { body } = await client.request(`/status/${encodeURIComponent(id)}`);
    const parsed = statusSchema.safeParse(JSON.parse(body));
    if (!parsed.success) return undefined;
    const { state, milestones: reached, record } = parsed.data;
    if (state === "dead_lettered") return { state };
    // The row exists a moment before its progress is in Redis, and for longer.
    const at = reached.stored ?? record?.timestamp;
    return state === "stored" && at !== undefined ? { state, atMs: Date.parse(at) } : undefined;
  } catch {
    return undefined;
  }
}

function kindOf(error: unknown): string {
  if (error instanceof HttpTimeout) return "timeout";
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? code : describeCause(error).slice(0, 100);
}
