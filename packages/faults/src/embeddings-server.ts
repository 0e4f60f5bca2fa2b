import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { z } from "zod";
import type { EmbeddingsFault } from "./schedule.ts";
import { DIMENSIONS, hashOf, vectorOf } from "./vector-of.ts";

export const MODEL = "fake-embedding";
const RETRY_AFTER_S = 1;
const CLOSE_AFTER_MS = 50;

const requestSchema = z.object({
  model: z.literal(MODEL),
  input: z.union([z.string().transform((text) => [text]), z.array(z.string()).min(1)]),
  encoding_format: z.literal("base64"),
  dimensions: z.literal(DIMENSIONS),
});

/** A fault of the API, and the share of the requests that it hits; without one it works. */
export type EmbeddingsMode = { fault: EmbeddingsFault; share: number } | undefined;

/** A server that speaks OpenAI's embeddings API, counts what was paid for, and fails on demand. */
export interface EmbeddingsServer extends AsyncDisposable {
  port: number;
  mode: EmbeddingsMode;
  /** How often each text (by its hash) was part of a request that was answered well. */
  readonly paid: ReadonlyMap<string, number>;
}

export async function startEmbeddingsServer(): Promise<EmbeddingsServer> {
  const paid = new Map<string, number>();
  let mode: EmbeddingsMode;
  let requests = 0;

  /** Evenly spread: of a share of 0.3, requests 4, 7, 10, … */
  const isHit = (share: number): boolean => {
    requests++;
    return Math.floor(requests * share) > Math.floor((requests - 1) * share);
  };
  const work = (input: readonly string[], response: ServerResponse): void => {
    response.once("finish", () => {
      for (const hash of input.map(hashOf)) paid.set(hash, (paid.get(hash) ?? 0) + 1);
    });
    send(response, bodyOf(input.map(vectorOf)));
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parsed = requestSchema.safeParse(JSON.parse(await readText(request)));
    if (!parsed.success) fail(response, 400, parsed.error.message);
    else if (mode && isHit(mode.share)) misbehave(mode.fault, parsed.data.input, response);
    else work(parsed.data.input, response);
  };
  const server = createServer((request, response) => {
    // A client that went away in the middle of its request.
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    paid,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function misbehave(fault: EmbeddingsFault, input: readonly string[], response: ServerResponse): void {
  const vectors = input.map(vectorOf);
  const body = bodyOf(vectors);
  switch (fault) {
    case "rate-limit":
      response.setHeader("retry-after", String(RETRY_AFTER_S));
      fail(response, 429, "Rate limit reached");
      break;
    case "error":
      fail(response, 500, "The server had an error");
      break;
    case "hang":
      break;
    case "stall":
      sendHalf(response, body);
      break;
    case "close":
      sendHalf(response, body);
      setTimeout(() => response.destroy(), CLOSE_AFTER_MS);
      break;
    case "wrong-count":
      send(response, bodyOf(vectors.slice(1)));
      break;
    case "wrong-dimensions":
      send(response, bodyOf(vectors.map((vector) => vector.slice(1))));
      break;
    case "not-a-number":
      vectors[0]?.fill(Number.NaN);
      send(response, bodyOf(vectors));
      break;
    default:
      fault satisfies never;
  }
}

function bodyOf(vectors: readonly Float32Array[]): string {
  return JSON.stringify({
    object: "list",
    model: MODEL,
    data: vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64"),
    })),
    usage: { prompt_tokens: vectors.length, total_tokens: vectors.length },
  });
}

function send(response: ServerResponse, body: string): void {
  response.setHeader("content-type", "application/json");
  response.end(body);
}

/** Announces the whole body and sends its first half. */
function sendHalf(response: ServerResponse, body: string): void {
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", Buffer.byteLength(body));
  response.write(body.slice(0, body.length / 2));
}

function fail(response: ServerResponse, status: number, message: string): void {
  response.statusCode = status;
  send(response, JSON.stringify({ error: { message, type: "error", code: null, param: null } }));
}
