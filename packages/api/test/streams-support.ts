import { once } from "node:events";
import { type HttpServer, serveHttp } from "@millrace/shared";
import { WebSocket } from "ws";
import { createWebSocketServer } from "../src/streams/web-socket.ts";
import type { Latest } from "./events-support.ts";
import type { TestApp } from "./support.ts";

export type StreamedEvent = Latest["events"][number];

export async function serve(api: TestApp): Promise<HttpServer & { url: string }> {
  const server = await serveHttp(api.app, "127.0.0.1", 0, createWebSocketServer());
  return Object.assign(server, { url: `127.0.0.1:${server.port}` });
}

type Message =
  | { type: "open"; offsets: string }
  | { type: "events"; events: StreamedEvent[] }
  | { type: "missed"; count: number };

export interface FollowOptions {
  query?: string;
  protocols?: string[];
  headers?: Record<string, string>;
}

/** A WebSocket client of a stream that tracks its offsets, as clients should. */
export class Follower implements AsyncDisposable {
  readonly socket: WebSocket;
  readonly events: StreamedEvent[] = [];
  readonly offsets = new Map<number, number>();
  missed = 0;
  closeCode: number | undefined;
  isOpen = false;

  constructor(url: string, topic: string, { query = "", protocols = [], headers = {} }: FollowOptions = {}) {
    this.socket = new WebSocket(`ws://${url}/api/v1/stream/${topic}?${query}`, protocols, { headers });
    this.socket.on("message", (data) => this.#take(JSON.parse(String(data)) as Message));
    this.socket.on("error", () => undefined);
    this.socket.on("close", (code) => {
      this.closeCode = code;
    });
  }

  /** The `from` of the next connection. */
  get from(): string {
    return [...this.offsets].map(([partition, offset]) => `${partition}:${offset}`).join(",");
  }

  get ids(): string[] {
    return this.events.map(({ id }) => id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await once(this.socket, "close");
  }

  #take(message: Message): void {
    switch (message.type) {
      case "open":
        this.isOpen = true;
        for (const pair of message.offsets.split(",")) {
          const [partition = 0, offset = 0] = pair.split(":").map(Number);
          this.offsets.set(partition, offset);
        }
        break;
      case "events":
        for (const event of message.events) {
          this.events.push(event);
          this.offsets.set(event.partition, event.offset + 1);
        }
        break;
      case "missed":
        this.missed += message.count;
        break;
      default:
        message satisfies never;
    }
  }
}
