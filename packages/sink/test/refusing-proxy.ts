import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Forwards requests to OpenSearch, but answers those in a rejected media type with the given status. */
export interface RefusingProxy extends AsyncDisposable {
  url: string;
  /** Media type → status. */
  refused: Map<string, number>;
  /** The media types of the received bulk requests. */
  bulkTypes: string[];
}

export async function startRefusingProxy(upstream: string): Promise<RefusingProxy> {
  const refused = new Map<string, number>();
  const bulkTypes: string[] = [];
  const server = createServer((received, answer) => {
    const mediaType = received.headers["content-type"] ?? "";
    if (received.url?.startsWith("/_bulk")) bulkTypes.push(mediaType);
    const status = refused.get(mediaType);
    if (status !== undefined) {
      received.resume();
      received.once("end", () =>
        answer.writeHead(status, { "content-type": "application/json" }).end('{"error":"no"}'),
      );
      return;
    }
    const { method, headers } = received;
    const passed = request(new URL(received.url ?? "/", upstream), { method, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    received.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    bulkTypes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
