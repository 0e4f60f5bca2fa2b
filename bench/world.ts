import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Clients, openClients } from "../packages/cli/src/clients.ts";
import { isCluster, openRedis } from "../packages/connections/src/index.ts";
import { readConfiguration } from "../packages/shared/src/index.ts";
import { sinkConfig } from "../packages/sink/src/config.ts";
import { migrate } from "../packages/sink/src/postgres/migrate.ts";
import {
  isolated,
  type Pipeline,
  type PipelineOptions,
  type Stack,
  startPipeline,
  status,
} from "../packages/stack/src/index.ts";
import {
  clean,
  type EmbeddingsApi,
  type EmbeddingsSettings,
  startEmbeddingsApi,
} from "../packages/testbed/src/index.ts";
import { type Bench, DIMENSIONS } from "./bench.ts";
import { createIndex, type IndexKind } from "./index-kinds.ts";

export interface Setup {
  index: IndexKind;
  api?: Partial<EmbeddingsSettings>;
  counts?: PipelineOptions["counts"];
  /** Overrides the processes' defaults, which are otherwise measured. */
  environment?: Readonly<Record<string, string>>;
  /** Dimensions of the index; default: those of OpenAI's model. */
  dimensions?: number;
}

/** A pipeline with its own topics, index and schema on the stack's services, and a fake embeddings API; disposal deletes its data. */
export interface World extends AsyncDisposable {
  clients: Clients;
  api: EmbeddingsApi;
  pipeline: Pipeline;
  logDirectory: string;
}

export async function openWorld(bench: Bench, setup: Setup): Promise<World> {
  const suffix = `bench_${randomBytes(4).toString("hex")}`;
  const logDirectory = join(bench.stack.directory, "bench", suffix);
  const api = await startEmbeddingsApi(setup.api);
  const environment = {
    ...benchEnvironment(bench),
    ...isolated(suffix),
    EMBEDDING_PROVIDER: "openai",
    OPENAI_API_KEY: "fake",
    OPENAI_BASE_URL: api.baseUrl,
    ...(await profiling(bench)),
    ...setup.environment,
  };
  const clients = openClients(environment, "bench");
  const close = async (pipeline?: Pipeline): Promise<void> => {
    await pipeline?.stop();
    await clean(clients);
    await forgetKeys(environment, clients);
    await clients[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  };
  try {
    const config = readConfiguration(sinkConfig, environment);
    // Like the release hook: the migration library would otherwise stay in the sink's memory.
    await migrate(clients.postgres, config.POSTGRES_SCHEMA);
    await createIndex(clients.openSearch, config, setup.index, setup.dimensions ?? DIMENSIONS);
    const counts = { api: 0, ...setup.counts };
    const pipeline = await startPipeline({ stack: bench.stack.env, environment, logDirectory, counts, built: true });
    return { clients, api, pipeline, logDirectory, [Symbol.asyncDispose]: () => close(pipeline) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The environment that all measurements of one run share. */
export function benchEnvironment({ stack }: Pick<Bench, "stack">) {
  return { ...stack.env, OPENSEARCH_REFRESH_INTERVAL: "5s" };
}

export async function servicePids({ name }: Pick<Stack, "name">) {
  const services = await status({ name });
  const pidOf = (service: string): number => {
    const pid = services.find((each) => each.name === service)?.pid;
    if (pid === undefined) throw new Error(`${service} is not running`);
    return pid;
  };
  return { kafka: pidOf("kafka"), opensearch: pidOf("opensearch"), postgres: pidOf("postgres"), redis: pidOf("redis") };
}

async function profiling({ profileDirectory }: Bench): Promise<Record<string, string>> {
  if (profileDirectory === undefined) return {};
  const directory = resolve(profileDirectory);
  await mkdir(directory, { recursive: true });
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` };
}

/** Deletes a run's cached vectors, which would otherwise stay for a week. */
async function forgetKeys(environment: Readonly<Record<string, string>>, { patience }: Clients): Promise<void> {
  const { REDIS_KEY_PREFIX: prefix, ...config } = readConfiguration(sinkConfig, environment);
  const redis = openRedis({ REDIS_KEY_PREFIX: prefix, ...config }, patience);
  await new Promise((ready) => redis.once("ready", ready));
  if (isCluster(redis)) throw new Error("the benchmark does not support a Redis cluster");
  for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(...keys);
  }
  redis.disconnect();
}
