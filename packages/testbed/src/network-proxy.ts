import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Affects all traffic in both directions: `cut` resets every connection, `blackhole` holds it, `slow` delays it. */
export type ProxyMode = "pass" | "cut" | "blackhole" | "slow";

/** A TCP proxy on loopback that behaves like a bad network. What a blackhole held is delivered afterwards. */
export interface NetworkProxy extends AsyncDisposable {
  port: number;
  mode: ProxyMode;
}

const HOST = "127.0.0.1";
/** Delay of each chunk in mode `slow`. */
const SLOW_DELAY_MS = 300;

/** @param slowDelayMs delay that `slow` adds to each chunk, in both directions */
export async function startProxy(
  upstreamPort: number,
  { slowDelayMs = SLOW_DELAY_MS }: { slowDelayMs?: number } = {},
): Promise<NetworkProxy> {
  const sockets = new Set<Socket>();
  let mode: ProxyMode = "pass";
  let left = Promise.withResolvers<void>();

  /** Passes a chunk when the current mode allows it. */
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
      // The pipelines below handle errors; one that comes after they have ended has no other listener.
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
