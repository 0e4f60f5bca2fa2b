import { once } from "node:events";
import { createServer, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The fate of a bulk request. `lost`: it is executed, but the connection breaks instead of a response. */
export type BulkFate = "answered" | "lost" | "failed_before" | "failed_after" | "throttled";

export interface ServerlessProxy extends AsyncDisposable {
  url: string;
  /** Decides the fate of each bulk request that the collection would accept. */
  fate: () => BulkFate;
  /** Requests refused because a vector collection does not support them. */
  refused: string[];
}

/**
 * Makes a real OpenSearch refuse what a vector collection of OpenSearch Serverless refuses: custom ids, deletions,
 * SMILE, `_refresh`, and settings of shards, replicas and refreshes. Replaces the faiss engine with Lucene's, since
 * this OpenSearch lacks the native libraries.
 *
 * @param visibleAfterMs how long a written document can't be found
 */
export async function startServerlessProxy(upstream: string, visibleAfterMs: number): Promise<ServerlessProxy> {
  let writtenAtMs: number | undefined;
  let refreshing: Promise<unknown> = Promise.resolve();
  /** Makes documents that were written long enough ago visible to this search, perhaps with later ones. */
  const showWritten = async (): Promise<void> => {
    if (writtenAtMs !== undefined && Date.now() - writtenAtMs >= visibleAfterMs) {
      writtenAtMs = undefined;
      refreshing = fetch(new URL("/_refresh", upstream), { method: "POST" });
    }
    await refreshing;
  };
  const proxy = { fate: (): BulkFate => "answered", refused: [] as string[] };
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { method = "", url = "", headers } = incoming;
    const isBulk = url.startsWith("/_bulk");
    const body = Buffer.concat(chunks).toString();
    const refusal = refusalOf(method, url, headers["content-type"], body);
    if (refusal) {
      proxy.refused.push(refusal.reason);
      answer(outgoing, refusal.status, { error: { type: "illegal_argument_exception", reason: refusal.reason } });
      return;
    }
    const fate = isBulk ? proxy.fate() : "answered";
    if (fate === "failed_before") return answer(outgoing, 503, { error: "unavailable" });
    if (fate === "throttled") return answer(outgoing, 402, { error: "capacity" });
    if (url.includes("search")) await showWritten();
    const passed = { ...headers };
    delete passed["content-length"];
    const forwarded = request(new URL(url, upstream), { method, headers: passed }, (response) => {
      if (isBulk) writtenAtMs ??= Date.now();
      if (fate === "lost") outgoing.destroy();
      if (fate === "failed_after") answer(outgoing, 500, { error: "internal" });
      if (fate !== "answered") return response.resume();
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      return response.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    forwarded.end(toCluster(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

/** Adapts a request to this OpenSearch, and keeps writes invisible until a refresh. */
function toCluster(body: string): string {
  return body
    .replace('"engine":"faiss"', '"engine":"lucene"')
    .replace('"knn":true', '"knn":true,"refresh_interval":"-1"');
}

function refusalOf(
  method: string,
  url: string,
  contentType = "",
  body = "",
): { status: number; reason: string } | undefined {
  if (url.includes("/_refresh")) return { status: 404, reason: "no _refresh" };
  if (url.startsWith("/_bulk")) {
    if (contentType.includes("smile")) return { status: 406, reason: "no SMILE" };
    const actions = body.split("\n").filter((line) => /^\{"(index|create|delete|update)":/.test(line));
    if (actions.some((line) => line.includes('"_id"') || line.startsWith('{"delete"'))) {
      return { status: 400, reason: "Document ID is not supported in create/index operation request" };
    }
  }
  const setting = /"(number_of_\w+|refresh_interval|gc_deletes)"/.exec(body)?.[1];
  if (method === "PUT" && setting) return { status: 400, reason: `no setting ${setting}` };
  return undefined;
}

function answer(to: ServerResponse, status: number, body: object): void {
  to.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
