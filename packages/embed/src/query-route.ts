import type { Log } from "@millrace/shared";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import type { Admission } from "./admission.ts";

const QUERY_MAX_BYTES = 65_536;
const querySchema = z.strictObject({ text: z.string().min(1) });

/**
 * `POST /embed` with `{ "text": … }` returns `{ model, dimensions, vector }`, the vector as little-endian float32 in
 * base64. It serves the api, which has no API key.
 */
export function queryRoute(admission: Pick<Admission, "embedAtOnce">, log: Log): Hono {
  return new Hono().post("/embed", bodyLimit({ maxSize: QUERY_MAX_BYTES }), async (context) => {
    const body = querySchema.safeParse(await context.req.json().catch(() => undefined));
    if (!body.success) return context.json({ error: 'expected {"text": "…"}' }, 400);
    const startedAt = performance.now();
    const outcome = await admission.embedAtOnce([body.data.text], context.req.raw.signal);
    const fault = "fault" in outcome ? outcome.fault : outcome.failed[0]?.fault;
    log.record("embed.query", fault ? "retry" : "ok", performance.now() - startedAt, fault && { cause: fault.cause });
    if (fault?.kind === "poison") return context.json({ error: fault.cause }, 422);
    if ("fault" in outcome) return context.json({ error: outcome.fault.cause }, 503);
    const { model, dimensions, vectors } = outcome;
    return context.json({ model, dimensions, vector: Buffer.from(vectors.buffer).toString("base64") });
  });
}
