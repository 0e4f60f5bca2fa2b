/** Maximum unread bytes per client; a slower client is disconnected and reconnects by itself. */
const UNREAD_MAX_BYTES = 1_048_576;

type Controller = ReadableStreamDefaultController<Uint8Array>;

/**
 * Sends the same server-sent events to all clients. Builds each event once, and none while no client is connected.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class Broadcast<Value> {
  readonly #read: () => Promise<Value>;
  readonly #intervalMs: number;
  readonly #clientsMax: number;
  readonly #clients = new Set<Controller>();
  #sending = false;

  constructor(read: () => Promise<Value>, options: { intervalMs: number; clientsMax: number }) {
    this.#read = read;
    this.#intervalMs = options.intervalMs;
    this.#clientsMax = options.clientsMax;
  }

  /** `undefined` if the maximum number of clients is connected. */
  listen(first: Uint8Array): ReadableStream<Uint8Array> | undefined {
    if (this.#clients.size >= this.#clientsMax) return undefined;
    let own: Controller | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          own = controller;
          controller.enqueue(first);
          this.#clients.add(controller);
          if (!this.#sending) void this.#send();
        },
        cancel: () => {
          if (own) this.#clients.delete(own);
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: UNREAD_MAX_BYTES }),
    );
  }

  async #send(): Promise<void> {
    this.#sending = true;
    while (this.#clients.size > 0) {
      const startedAt = performance.now();
      const event = encodeEvent("snapshot", await this.#read());
      for (const client of this.#clients) this.#offer(client, event);
      const waitMs = this.#intervalMs - (performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
    }
    this.#sending = false;
  }

  #offer(client: Controller, event: Uint8Array): void {
    if ((client.desiredSize ?? 0) > event.length) client.enqueue(event);
    else {
      this.#clients.delete(client);
      client.close();
    }
  }
}

export function encodeEvent(name: string, data: unknown): Uint8Array {
  return new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}
