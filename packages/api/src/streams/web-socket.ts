import type { WebSocketServer } from "@millrace/shared";
import { WebSocketServer as Server, WebSocket } from "ws";
import { formatOffsets } from "./offsets.ts";
import type { StreamRecord } from "./recent-records.ts";
import type { StreamConnection } from "./stream-client.ts";

/** The only subprotocol that the server selects, so that it never echoes a token offered beside it. */
export const SUBPROTOCOL = "millrace";

/** Clients only send a token. */
const MESSAGE_MAX_BYTES = 16_384;

export function createWebSocketServer(): WebSocketServer {
  const server = new Server({
    noServer: true,
    maxPayload: MESSAGE_MAX_BYTES,
    // All clients share one frame; compression would have to run per client.
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  });
  // The HTTP server declares the same class with additional optional properties.
  return server as unknown as WebSocketServer;
}

/** Encodes a batch once for all clients. */
const frames = new WeakMap<readonly StreamRecord[], Buffer>();

/** Sends JSON messages: `open` with the start offsets, `events`, and `missed` with a count. */
export class WebSocketConnection implements StreamConnection {
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  #isAlive = true;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("pong", () => {
      this.#isAlive = true;
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  sendOpen(offsets: ReadonlyMap<number, number>): void {
    this.#send(Buffer.from(JSON.stringify({ type: "open", offsets: formatOffsets(offsets) })));
  }

  sendRecords(records: readonly StreamRecord[]): void {
    let frame = frames.get(records);
    if (!frame) {
      frame = Buffer.from(`{"type":"events","events":[${records.map(({ json }) => json).join(",")}]}`);
      frames.set(records, frame);
    }
    this.#send(frame);
  }

  sendMissed(count: number): void {
    this.#send(Buffer.from(JSON.stringify({ type: "missed", count })));
  }

  ping(): void {
    if (!this.#isAlive) this.#socket.terminate();
    if (!this.isOpen) return;
    this.#isAlive = false;
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #send(text: Buffer): void {
    if (this.isOpen) this.#socket.send(text, { binary: false });
  }
}
