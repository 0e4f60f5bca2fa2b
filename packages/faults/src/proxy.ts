import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Of all that passes, and in both directions: `cut` resets every connection, `blackhole` holds it, `slow` delays it. */
export type ProxyMode = "pass" | "cut" | "blackhole" | "slow";

/** A TCP proxy on loopback that does to connections what a bad network does. What a blackhole held goes on afterwards. */
export interface NetworkProxy extends AsyncDisposable {
  port: number;
  mode: ProxyMode;
}

const HOST = "127.0.0.1";
const SLOW_DELAY_MS = 300;

/** @param slowDelayMs what `slow` adds to each piece that passes, in both directions */
export async function startProxy(upstreamPort: number, slowDelayMs = SLOW_DELAY_MS): Promise<NetworkProxy> {
  const sockets = new Set<Socket>();
  let mode: ProxyMode = "pass";
  let left = Promise.withResolvers<void>();

  /** Lets a chunk pass when the mode of the moment does. */
  const gate = async (): Promise<void> => {
    if (mode === "slow") await sleep(slowDelayMs);
    while (mode === "blackhole") await left.promise;
  };
  const gated = async function* (source: Readable) {
    for await (const chunk of source) {
      await gate();
      yield chunk;
    }
  };
  const setMode = (next: ProxyMode): void => {
    mode = next;
    if (next === "cut") for (const socket of sockets) socket.resetAndDestroy();
    left.resolve();
    left = Promise.withResolvers<void>();
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (mode === "cut") return void client.resetAndDestroy();
    const upstream = connect({ host: HOST, port: upstreamPort, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      socket.setNoDelay();
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      // Seen by the pipelines below; one that comes after they ended has nobody else.
      socket.on("error", () => undefined);
    }
    const closeBoth = (): void => {
      client.destroy();
      upstream.destroy();
    };
    pipeline(client, gated, upstream).catch(closeBoth);
    pipeline(upstream, gated, client).catch(closeBoth);
  });
  server.listen(0, HOST);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get mode() {
      return mode;
    },
    set mode(next) {
      setMode(next);
    },
    async [Symbol.asyncDispose]() {
      setMode("pass");
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
