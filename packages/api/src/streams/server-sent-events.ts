import { formatOffsets } from "./offsets.ts";
import type { StreamRecord } from "./recent-records.ts";
import type { StreamConnection } from "./stream-client.ts";

/** Delay before a browser reconnects. */
const RETRY_MS = 1_000;

/**
 * Server-sent events as in the HTML standard. Each event's id is the offsets to continue from, which a browser returns
 * as Last-Event-ID when it reconnects.
 */
export class ServerSentEvents implements StreamConnection {
  readonly body: ReadableStream<Uint8Array>;
  readonly closed: Promise<void>;
  readonly #queueBytes: number;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #markClosed: () => void;
  #pulls = 0;
  #pullsAtPing = -1;

  /** @param queueBytes the stream's high-water mark */
  constructor(queueBytes: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#markClosed = resolve;
    this.#queueBytes = queueBytes;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#pulls++;
        },
        cancel: () => void this.#end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: queueBytes }),
    );
  }

  get isOpen(): boolean {
    return this.#controller !== undefined;
  }

  get bufferedBytes(): number {
    return this.#queueBytes - (this.#controller?.desiredSize ?? this.#queueBytes);
  }

  sendOpen(offsets: ReadonlyMap<number, number>): void {
    this.#send(`retry: ${RETRY_MS}\n${format("open", {}, offsets)}`);
  }

  sendRecords(records: readonly StreamRecord[], before: ReadonlyMap<number, number>): void {
    const offsets = new Map(before);
    const events = records.map(({ partition, offset, json }) => {
      offsets.set(partition, offset + 1);
      return `id: ${formatOffsets(offsets)}\ndata: ${json}\n\n`;
    });
    this.#send(events.join(""));
  }

  sendMissed(count: number, offsets: ReadonlyMap<number, number>): void {
    this.#send(format("missed", { count }, offsets));
  }

  ping(): void {
    const isStalled = this.bufferedBytes > 0 && this.#pulls === this.#pullsAtPing;
    this.#pullsAtPing = this.#pulls;
    if (isStalled) this.close();
    else this.#send(": ping\n\n");
  }

  /** The protocol has no close codes: a disconnected client reconnects. */
  close(): void {
    const controller = this.#end();
    // Drops queued events: a stalled client would never read them.
    controller?.error(new Error("the stream is closed"));
  }

  #send(text: string): void {
    this.#controller?.enqueue(this.#encoder.encode(text));
  }

  #end(): ReadableStreamDefaultController<Uint8Array> | undefined {
    const controller = this.#controller;
    this.#controller = undefined;
    this.#markClosed();
    return controller;
  }
}

function format(event: string, data: object, offsets: ReadonlyMap<number, number>): string {
  return `event: ${event}\nid: ${formatOffsets(offsets)}\ndata: ${JSON.stringify(data)}\n\n`;
}
