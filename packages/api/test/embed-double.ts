import { serveHttp } from "@millrace/shared";
import { Hono } from "hono";

export interface EmbedDouble extends AsyncDisposable {
  url: string;
  /** The requested texts. */
  texts: string[];
}

/** Responds to `POST /embed` like the embed process, with vectors chosen by the test. */
export async function serveEmbedDouble(vectors: Record<string, readonly number[]>): Promise<EmbedDouble> {
  const texts: string[] = [];
  const app = new Hono().post("/embed", async (context) => {
    const { text } = await context.req.json<{ text: string }>();
    texts.push(text);
    const vector = vectors[text];
    if (text === "refused") return context.json({ error: "9000 tokens are too many" }, 422);
    if (!vector) return context.json({ error: "the provider is unavailable" }, 503);
    const bytes = Buffer.alloc(vector.length * 4);
    for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
    return context.json({ model: "test-model", dimensions: vector.length, vector: bytes.toString("base64") });
  });
  const server = await serveHttp(app, "127.0.0.1", 0);
  return { url: `http://127.0.0.1:${server.port}`, texts, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
