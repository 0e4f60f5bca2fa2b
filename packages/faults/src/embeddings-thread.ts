import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { type EmbeddingsMode, startEmbeddingsServer } from "./embeddings-server.ts";

type Order = { mode: EmbeddingsMode } | { report: true };

/** The fake embeddings API in a thread of its own, so that the harness's own work doesn't delay its answers. */
export interface EmbeddingsThread extends AsyncDisposable {
  port: number;
  misbehave(mode: EmbeddingsMode): void;
  /** How often each text (by its hash) was part of a request that was answered well. */
  paid(): Promise<ReadonlyMap<string, number>>;
}

export async function startEmbeddingsThread(): Promise<EmbeddingsThread> {
  const worker = new Worker(new URL(import.meta.url));
  const order = (message: Order): void => worker.postMessage(message);
  const [port] = (await once(worker, "message")) as [number];
  return {
    port,
    misbehave: (mode) => order({ mode }),
    async paid() {
      order({ report: true });
      const [paid] = (await once(worker, "message")) as [ReadonlyMap<string, number>];
      return paid;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

if (!isMainThread && parentPort) {
  const server = await startEmbeddingsServer();
  parentPort.on("message", (order: Order) => {
    if ("report" in order) parentPort?.postMessage(server.paid);
    else server.mode = order.mode;
  });
  parentPort.postMessage(server.port);
}
