import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { answerBody, fail, send } from "./answer.ts";
import { misbehave } from "./misbehave.ts";
import { formatReset, RateLimit } from "./rate-limit.ts";
import { type EmbeddingsRequest, readRequest } from "./request.ts";
import { type EmbeddingsStats, embeddingsSettings, WELL_BEHAVED } from "./settings.ts";
import { textHash, VectorSpace } from "./vectors.ts";

/** Speaks OpenAI's embeddings API with its limits, counts what was paid for, and fails on demand. */
export class EmbeddingsServer {
  #settings = WELL_BEHAVED;
  #tokens = new RateLimit(0);
  #requests = new RateLimit(0);
  #spaces = new Map<number, VectorSpace>();
  #paid = new Map<string, number>();
  #counts: Omit<EmbeddingsStats, "cpuMicroseconds"> = {
    requests: 0,
    embedded: { requests: 0, texts: 0, tokens: 0 },
    inFlight: { requests: 0, texts: 0 },
    paidAgain: 0,
    rateLimited: 0,
  };
  readonly #server = createServer((request, response) => {
    // The client disconnected in the middle of its request.
    this.#route(request, response).catch(() => response.destroy());
  });

  /** @returns the port */
  async listen(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readText(request);
    switch (`${request.method} ${request.url}`) {
      case "POST /v1/embeddings":
        return this.#answer(request, body, response);
      case "PUT /settings":
        this.#set(JSON.parse(body));
        return send(response, JSON.stringify(this.#settings));
      case "GET /stats":
        return send(response, JSON.stringify(this.#stats));
      case "GET /paid":
        return send(response, JSON.stringify(Object.fromEntries(this.#paid)));
      default:
        return fail(response, 404, `no ${request.method} ${request.url}`);
    }
  }

  async #answer(request: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    const number = ++this.#counts.requests;
    if (!request.headers.authorization?.startsWith("Bearer ")) return fail(response, 401, "no API key");
    const asked = readRequest(body);
    if ("refused" in asked) return fail(response, 400, asked.refused);
    const { mode, latencyMs } = this.#settings;
    const space = this.#space(asked.dimensions);
    if (mode && isHit(number, mode.share)) return misbehave(mode.fault, asked, space, response);
    const waitMs = this.#admit(asked);
    this.#describeLimits(response);
    if (waitMs > 0) return refuse(response, waitMs);
    this.#pay(asked);
    this.#follow(asked, response);
    if (latencyMs > 0) await sleep(latencyMs);
    const { format } = asked;
    const vectors = asked.input.map((text) => (format === "base64" ? `"${space.base64Of(text)}"` : space.jsonOf(text)));
    send(response, answerBody(asked, vectors));
  }

  /** Charges the request to the limits. Returns how long to wait if it does not fit; a refused request counts too. */
  #admit({ tokens }: EmbeddingsRequest): number {
    const waitMs = Math.max(this.#requests.waitMs(1), this.#tokens.waitMs(tokens));
    this.#requests.take(1);
    if (waitMs === 0) this.#tokens.take(tokens);
    else this.#counts.rateLimited++;
    return waitMs;
  }

  #pay({ input, tokens }: EmbeddingsRequest): void {
    for (const hash of input.map(textHash)) {
      const times = this.#paid.get(hash) ?? 0;
      this.#paid.set(hash, times + 1);
      if (times > 0) this.#counts.paidAgain++;
    }
    const { embedded } = this.#counts;
    embedded.requests++;
    embedded.texts += input.length;
    embedded.tokens += tokens;
  }

  #follow({ input }: EmbeddingsRequest, response: ServerResponse): void {
    const { inFlight } = this.#counts;
    inFlight.requests++;
    inFlight.texts += input.length;
    response.once("close", () => {
      inFlight.requests--;
      inFlight.texts -= input.length;
    });
  }

  /** https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
  #describeLimits(response: ServerResponse): void {
    for (const [name, limit] of [
      ["requests", this.#requests],
      ["tokens", this.#tokens],
    ] as const) {
      const state = limit.state();
      if (!state) continue;
      response.setHeader(`x-ratelimit-limit-${name}`, state.limit);
      response.setHeader(`x-ratelimit-remaining-${name}`, state.remaining);
      response.setHeader(`x-ratelimit-reset-${name}`, formatReset(state.resetMs));
    }
  }

  #set(changes: object): void {
    this.#settings = embeddingsSettings.parse({ ...this.#settings, ...changes });
    if ("tokensPerMinute" in changes) this.#tokens = new RateLimit(this.#settings.tokensPerMinute);
    if ("requestsPerMinute" in changes) this.#requests = new RateLimit(this.#settings.requestsPerMinute);
  }

  #space(dimensions: number): VectorSpace {
    const known = this.#spaces.get(dimensions) ?? new VectorSpace(dimensions);
    this.#spaces.set(dimensions, known);
    return known;
  }

  get #stats(): EmbeddingsStats {
    const { user, system } = process.cpuUsage();
    return { ...this.#counts, cpuMicroseconds: user + system };
  }
}

function isHit(number: number, share: number): boolean {
  return Math.floor(number * share) > Math.floor((number - 1) * share);
}

/** Responds with 429 as OpenAI does. A request that never fits gets no retry-after. */
function refuse(response: ServerResponse, waitMs: number): void {
  if (Number.isFinite(waitMs)) {
    response.setHeader("retry-after-ms", Math.ceil(waitMs));
    response.setHeader("retry-after", Math.ceil(waitMs / 1_000));
  }
  fail(response, 429, "Rate limit reached", "rate_limit_exceeded");
}
