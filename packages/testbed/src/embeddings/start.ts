import { fork } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import { type EmbeddingsSettings, type EmbeddingsStats, embeddingsStats } from "./settings.ts";

/**
 * A fake embeddings API in its own process, so that its CPU time is counted separately and other work does not delay
 * its responses.
 */
export interface EmbeddingsApi extends AsyncDisposable {
  pid: number;
  port: number;
  /** For `OPENAI_BASE_URL`; it accepts any API key. */
  baseUrl: string;
  /** Changes some of the settings; initially there are no limits, no latency and no fault. */
  set(changes: Partial<EmbeddingsSettings>): Promise<void>;
  stats(): Promise<EmbeddingsStats>;
  /** How often each text, by its `textHash`, was paid for. */
  paid(): Promise<ReadonlyMap<string, number>>;
}

export async function startEmbeddingsApi(settings: Partial<EmbeddingsSettings> = {}): Promise<EmbeddingsApi> {
  const child = fork(new URL("main.ts", import.meta.url), {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  const ended = exited.then(() => Promise.reject(new Error("the fake embeddings API ended before it listened")));
  const [{ port }] = (await Promise.race([once(child, "message"), ended])) as [{ port: number }];
  ended.catch(() => undefined);
  const url = `http://127.0.0.1:${port}`;
  const ask = async (path: string, init?: RequestInit): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, init);
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
    return response.json();
  };
  const api: EmbeddingsApi = {
    pid: child.pid ?? 0,
    port,
    baseUrl: `${url}/v1`,
    async set(changes) {
      await ask("/settings", { method: "PUT", body: JSON.stringify(changes) });
    },
    stats: async () => embeddingsStats.parse(await ask("/stats")),
    paid: async () => new Map(Object.entries(z.record(z.string(), z.number()).parse(await ask("/paid")))),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
  await api.set(settings);
  return api;
}
