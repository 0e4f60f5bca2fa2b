import { z } from "zod";

const publishedSchema = z.object({ messages: z.array(z.object({ id: z.string() })) });
const searchSchema = z.object({ hits: z.array(z.object({ id: z.string(), score: z.number(), text: z.string() })) });
const embeddedSchema = z.object({ dimensions: z.int(), vector: z.base64() });

export type Hit = z.output<typeof searchSchema>["hits"][number];

/** Publishes texts in one request and returns the messages' IDs in the same order. */
export async function publish(api: URL, texts: readonly string[]): Promise<string[]> {
  const answer = await ask(
    new URL("/publish", api),
    texts.map((text) => ({ text })),
  );
  return publishedSchema.parse(answer).messages.map(({ id }) => id);
}

export async function search(api: URL, parameters: { q: string; mode: string; k: number }): Promise<Hit[]> {
  const url = new URL("/search", api);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
  return searchSchema.parse(await ask(url)).hits;
}

/** Requests the vector of one text from an embed process. */
export async function embed(port: number, text: string): Promise<Float32Array> {
  const { dimensions, vector } = embeddedSchema.parse(await ask(new URL(`http://127.0.0.1:${port}/embed`), { text }));
  const bytes = Buffer.from(vector, "base64");
  return Float32Array.from({ length: dimensions }, (_, index) =>
    bytes.readFloatLE(index * Float32Array.BYTES_PER_ELEMENT),
  );
}

async function ask(url: URL, body?: unknown): Promise<unknown> {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(url, body === undefined ? {} : post);
  const answer = await response.text();
  if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}: ${answer.slice(0, 500)}`);
  return JSON.parse(answer);
}
