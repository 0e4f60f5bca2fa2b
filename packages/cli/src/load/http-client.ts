import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

/** Each connection has one request in flight. */
const CONNECTIONS_MAX = 64;
/**
 * Servers close a connection that is idle for 5 s or more; closing it here first keeps it from meeting the next
 * request.
 */
const IDLE_MAX_MS = 2_000;

export interface HttpAnswer {
  status: number;
  body: string;
}

export class HttpTimeout extends Error {
  override readonly name = "HttpTimeout";
}

/**
 * Sends requests over a few persistent connections, as a load balancer does; other requests wait for one within their
 * time limit. A connection per request would turn a stall into a storm of connections that overflows the server's
 * backlog. Uses Node's own client: `fetch` takes three times its CPU, and the load often runs on the machine that it
 * measures.
 */
export class HttpClient {
  readonly #origin: URL;
  readonly #timeoutMs: number;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(origin: URL, timeoutMs: number, idleMaxMs = IDLE_MAX_MS) {
    this.#origin = origin;
    this.#timeoutMs = timeoutMs;
    // Last in, first out: connections that are no longer needed go idle and close.
    const options = { keepAlive: true, scheduling: "lifo", maxSockets: CONNECTIONS_MAX, timeout: idleMaxMs } as const;
    this.#agent = origin.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /**
   * @param body JSON to POST, with more headers; without it, a GET. Rejects if no complete response arrives in time.
   */
  request(path: string, body?: string, more: Record<string, string> = {}): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const send = this.#origin.protocol === "https:" ? httpsRequest : httpRequest;
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body ?? ""), ...more };
    const request = send(
      new URL(path, this.#origin),
      {
        agent: this.#agent,
        ...(body === undefined ? { method: "GET" } : { method: "POST", headers }),
      },
      (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), reject);
      },
    );
    request.on("error", reject);
    request.end(body);
    // The timer must not outlive the request: by then its connection serves another one.
    const timer = setTimeout(() => request.destroy(new HttpTimeout("no answer in time")), this.#timeoutMs);
    return promise.finally(() => clearTimeout(timer));
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
