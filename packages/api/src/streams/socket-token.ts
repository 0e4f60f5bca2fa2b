import { parseJson } from "@millrace/shared";
import type { WebSocket } from "ws";
import { z } from "zod";
import { bearerToken } from "../auth/guard.ts";

/** A token among the subprotocols: browsers cannot set headers on a WebSocket. */
const TOKEN_PROTOCOL = /^bearer\.([A-Za-z0-9._-]+)$/;

/** Reads the token from the handshake's headers; never from the URL, which proxies and browsers store. */
export function handshakeToken(header: (name: string) => string | undefined): string | undefined {
  const offered = header("sec-websocket-protocol")?.split(",") ?? [];
  const tokens = offered.flatMap((protocol) => TOKEN_PROTOCOL.exec(protocol.trim())?.[1] ?? []);
  return bearerToken(header("authorization")) ?? tokens[0];
}

const messageSchema = z.strictObject({ token: z.string().min(1) });

/** Reads the token from the first message, `{"token":"…"}`; `undefined` after a timeout or another message. */
export function messageToken(socket: WebSocket, timeoutMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  socket.once("message", (data) => resolve(tokenOf(String(data))));
  socket.once("close", () => resolve(undefined));
  return promise.finally(() => clearTimeout(timer));
}

function tokenOf(text: string): string | undefined {
  return messageSchema.safeParse(parseJson(text)).data?.token;
}
