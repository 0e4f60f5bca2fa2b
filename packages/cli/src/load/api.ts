import { describeCause, milestones } from "@millrace/shared";
import { z } from "zod";

const publishedSchema = z.object({ messages: z.tuple([z.object({ id: z.string() })]) });

const statusSchema = z.object({
  state: z.enum(milestones),
  milestones: z.partialRecord(z.enum(milestones), z.string()),
  record: z.object({ timestamp: z.string() }).optional(),
});

/** `error` is of a kind that can be counted, such as `503` or `ECONNREFUSED`. */
export type Published = { id: string } | { error: string };

/** Publishes one message; never rejects. */
export async function publish(api: URL, text: string, timeoutMs: number): Promise<Published> {
  try {
    const response = await fetch(new URL("/publish", api), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = await response.text();
    if (response.status !== 202) return { error: String(response.status) };
    const parsed = publishedSchema.safeParse(JSON.parse(answer));
    return parsed.success ? { id: parsed.data.messages[0].id } : { error: "an answer of another form" };
  } catch (error) {
    return { error: kindOf(error) };
  }
}

export type Outcome = { state: "stored"; atMs: number } | { state: "dead_lettered" };

/** What became of a message; `undefined` where nothing has yet, or where that can't be known now. Never rejects. */
export async function outcomeOf(api: URL, id: string, timeoutMs: number): Promise<Outcome | undefined> {
  try {
    const url = new URL(`/status/${encodeURIComponent(id)}`, api);
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    const parsed = statusSchema.safeParse(await response.json());
    if (!parsed.success) return undefined;
    const { state, milestones: reached, record } = parsed.data;
    if (state === "dead_lettered") return { state };
    // The row is there a moment before its progress is in Redis, and for longer.
    const at = reached.stored ?? record?.timestamp;
    return state === "stored" && at !== undefined ? { state, atMs: Date.parse(at) } : undefined;
  } catch {
    return undefined;
  }
}

function kindOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "timeout";
  const { code } = ((error as { cause?: unknown }).cause ?? error) as { code?: unknown };
  return typeof code === "string" ? code : describeCause(error).slice(0, 100);
}
