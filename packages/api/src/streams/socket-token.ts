import { parseJson } from "@millrace/shared";
import type { WebSocket } from "ws";
import { z } from "zod";
import { bearerToken } from "../auth/guard.ts";

/** A token among the subprotocols, as browsers can send it: they cannot send headers. */
const TOKEN_PROTOCOL = /^bearer\.([A-Za-z0-9._-]+)$/;

/** Of the handshake: never of the URL, which proxies and browsers keep. */
export function handshakeToken(header: (name: string) => string | undefined): string | undefined {
  const offered = header("sec-websocket-protocol")?.split(",") ?? [];
  const tokens = offered.flatMap((protocol) => TOKEN_PROTOCOL.exec(protocol.trim())?.[1] ?? []);
  return bearerToken(header("authorization")) ?? tokens[0];
}

const messageSchema = z.strictObject({ token: z.string().min(1) });

/** Of the first message, `{"token":"…"}`; `undefined` where none comes in time, or another one. */
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
