import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { accessKeyOf, type Expectation, refuseSignedHeaders } from "./signature-v4.ts";

export interface SigningProxy extends AsyncDisposable {
  url: string;
  expectation: Expectation;
  /** Why requests were refused. */
  refusals: string[];
  /** The access keys of valid signatures. */
  accepted: Set<string>;
  /** How far its clock is ahead of this machine's. */
  clockOffsetMs: number;
}

/** Forwards requests with a valid signature to a server, and answers 403 otherwise, as AWS does. */
export async function startSigningProxy(target: string, expectation: Expectation): Promise<SigningProxy> {
  const refusals: string[] = [];
  const accepted = new Set<string>();
  const proxy = { expectation, refusals, accepted, clockOffsetMs: 0 };
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const headers = incoming.headers as Record<string, string>;
    const { method = "", url = "" } = incoming;
    const nowMs = Date.now() + proxy.clockOffsetMs;
    const refusal = refuseSignedHeaders({ method, target: url, headers, body }, proxy.expectation, nowMs);
    if (refusal !== undefined) {
      refusals.push(refusal);
      const said = { "content-type": "application/json", date: new Date(nowMs).toUTCString() };
      outgoing.writeHead(403, said).end(JSON.stringify({ message: refusal }));
      return;
    }
    accepted.add(accessKeyOf(headers.authorization ?? ""));
    const { authorization: _, host: __, ...passed } = headers;
    const forwarded = send(new URL(url, target), { method, headers: passed }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", (error) => outgoing.destroy(error));
    forwarded.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
