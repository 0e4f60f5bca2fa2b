import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

/** Each connection has one request in flight. */
const CONNECTIONS_MAX = 64;
/** Servers close a connection that is idle for 5 s or more; closed here before, it never meets the next request. */
const IDLE_MAX_MS = 2_000;

export interface HttpAnswer {
  status: number;
  body: string;
}

export class HttpTimeout extends Error {
  override readonly name = "HttpTimeout";
}

/**
 * Requests over few connections that are kept, as a load balancer's are; the others wait here for one, within their time.
 * A connection for each request in flight would let a stall end in a storm of connections that the server's backlog can't
 * take. Node's own client, since `fetch` takes three times its CPU, and the load often runs on the machine that it measures.
 */
export class HttpClient {
  readonly #origin: URL;
  readonly #timeoutMs: number;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(origin: URL, timeoutMs: number, idleMaxMs = IDLE_MAX_MS) {
    this.#origin = origin;
    this.#timeoutMs = timeoutMs;
    // Last in, first out: what is not needed any more is left to be closed.
    const options = { keepAlive: true, scheduling: "lifo", maxSockets: CONNECTIONS_MAX, timeout: idleMaxMs } as const;
    this.#agent = origin.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** @param body JSON to POST, with more headers; a GET without it. Rejects where there is no whole answer in time. */
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
    // It must not outlive the request, whose connection is another one's by then.
    const timer = setTimeout(() => request.destroy(new HttpTimeout("no answer in time")), this.#timeoutMs);
    return promise.finally(() => clearTimeout(timer));
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
