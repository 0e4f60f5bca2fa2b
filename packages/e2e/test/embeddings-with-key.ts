import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Serves OpenAI's embeddings API, and accepts one key only; its error for a wrong key quotes the key, as some servers'
 * errors do.
 */
export interface EmbeddingsWithKey extends AsyncDisposable {
  url: string;
  key: string;
  refused: number;
}

export async function serveEmbeddingsWithKey(key: string, dimensions: number): Promise<EmbeddingsWithKey> {
  const embedding = Buffer.from(new Float32Array(dimensions).fill(1).buffer).toString("base64");
  const served = { key, refused: 0 };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const given = request.headers.authorization ?? "";
    if (given !== `Bearer ${served.key}`) {
      served.refused++;
      answer(401, { error: { message: `Incorrect API key provided: ${given.slice(7)}.`, code: "invalid_api_key" } });
      return;
    }
    const { input } = JSON.parse(Buffer.concat(chunks).toString()) as { input: string[] };
    answer(200, { data: input.map((_, index) => ({ index, embedding })) });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(served, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
