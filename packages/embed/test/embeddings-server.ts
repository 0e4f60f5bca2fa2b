import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface EmbeddingsRequest {
  model: string;
  input: string[];
  encoding_format: string;
  dimensions?: number;
}

export type Reply = (request: EmbeddingsRequest, response: ServerResponse) => unknown;

export interface EmbeddingsServer extends AsyncDisposable {
  url: string;
  requests: EmbeddingsRequest[];
  headers: IncomingHttpHeaders[];
}

/** A loopback server with OpenAI's embeddings API, or with the failures that a test defines. */
export async function serveEmbeddings(reply: Reply): Promise<EmbeddingsServer> {
  const requests: EmbeddingsRequest[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (request.url !== "/v1/embeddings" || request.method !== "POST") {
      sendJson(response, 404, { error: { message: `no ${request.url}` } });
      return;
    }
    const body: EmbeddingsRequest = JSON.parse(Buffer.concat(chunks).toString());
    requests.push(body);
    headers.push(request.headers);
    reply(body, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** A vector that depends only on the text. */
export function vectorOf(text: string, dimensions: number): Float32Array {
  const seed = [...text].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521, 7);
  return Float32Array.from({ length: dimensions }, (_, index) => Math.sin(seed + index));
}

export interface EmbeddingItem {
  object: "embedding";
  index: number;
  embedding: string;
}

export function itemsOf(texts: readonly string[], dimensions: number): EmbeddingItem[] {
  return texts.map((text, index) => ({
    object: "embedding",
    index,
    embedding: Buffer.from(vectorOf(text, dimensions).buffer).toString("base64"),
  }));
}

export function answer(data: readonly unknown[]) {
  return { object: "list", model: "test-model", data, usage: { prompt_tokens: 1, total_tokens: 1 } };
}

/** Responds as the real API does; refuses a request that contains the text `refused`. */
export function wellBehaved(dimensions: number, refused?: string): Reply {
  return ({ input }, response) => {
    if (refused !== undefined && input.includes(refused)) {
      sendJson(response, 400, { error: { message: "'$.input' is invalid", type: "invalid_request_error" } });
    } else {
      sendJson(response, 200, answer(itemsOf(input, dimensions)));
    }
  };
}
