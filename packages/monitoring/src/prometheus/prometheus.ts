import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { z } from "zod";
import { findPrograms } from "./programs.ts";

const HOST = "127.0.0.1";
const READY_MAX_MS = 20_000;

export interface PrometheusOptions {
  /** Prometheus's own configuration, as in prometheus.yml. */
  configuration: unknown;
  /** A free one if absent. */
  port?: number;
}

/** A real Prometheus on loopback; its data is removed with it. */
export interface Prometheus extends AsyncDisposable {
  url: URL;
  /** The current series of an expression; throws if Prometheus cannot parse it. */
  query(expression: string): Promise<Series[]>;
  /** The names of all metrics that it has. */
  metricNames(): Promise<string[]>;
  /** Alerts that are firing. */
  firing(): Promise<Alert[]>;
}

const labels = z.record(z.string(), z.string());
const seriesSchema = z.object({ metric: labels, value: z.tuple([z.number(), z.string()]) });
export type Series = z.output<typeof seriesSchema>;
const alertSchema = z.object({ labels, annotations: labels, state: z.string(), activeAt: z.string() });
export type Alert = z.output<typeof alertSchema>;

export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { prometheus } = await findPrograms();
  const directory = await mkdtemp(join(tmpdir(), "millrace-prometheus-"));
  const port = options.port ?? (await freePort());
  const configuration = join(directory, "prometheus.yml");
  await writeFile(configuration, stringify(options.configuration));
  const child = spawn(
    prometheus,
    [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=${HOST}:${port}`,
      // A test reads values scraped a moment ago.
      "--query.lookback-delta=15s",
      "--log.level=warn",
    ],
    { cwd: directory, stdio: ["ignore", "ignore", "pipe"] },
  );
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const exited = once(child, "exit");
  const url = new URL(`http://${HOST}:${port}`);
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(url, exited);
  } catch (error) {
    await stop();
    throw new Error(`Prometheus did not start: ${Buffer.concat(said).toString().slice(-2_000)}`, { cause: error });
  }
  return {
    url,
    query: async (expression) => {
      const path = `/api/v1/query?query=${encodeURIComponent(expression)}`;
      return (await ask(url, path, z.object({ result: z.array(seriesSchema) }))).result;
    },
    metricNames: () => ask(url, "/api/v1/label/__name__/values", z.array(z.string())),
    firing: async () => {
      const { alerts } = await ask(url, "/api/v1/alerts", z.object({ alerts: z.array(alertSchema) }));
      return alerts.filter(({ state }) => state === "firing");
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function ask<Schema extends z.ZodType>(url: URL, path: string, schema: Schema): Promise<z.output<Schema>> {
  const response = await fetch(new URL(path, url));
  const answer = z
    .object({ status: z.string(), data: z.unknown().optional(), error: z.string().optional() })
    .parse(await response.json());
  if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
  return schema.parse(answer.data);
}

async function untilReady(url: URL, exited: Promise<unknown>): Promise<void> {
  const ended = exited.then(() => "ended" as const);
  for (const deadlineMs = Date.now() + READY_MAX_MS; Date.now() < deadlineMs; ) {
    const ready = await fetch(new URL("/-/ready", url)).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    if ((await Promise.race([ended, sleep(100)])) === "ended") break;
  }
  throw new Error("it was not ready in time");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
