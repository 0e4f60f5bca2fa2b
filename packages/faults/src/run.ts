import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isolated, type Stack, startPipeline, startService } from "@millrace/stack";
import { clean, startEmbeddingsApi, startProxy } from "@millrace/testbed";
import { breakAndRead } from "./break-and-read.ts";
import { pipelineEnvironment } from "./environment.ts";
import { isKept, type RunOutcome } from "./outcome.ts";
import type { RunOptions } from "./run-options.ts";
import { targets } from "./schedule.ts";
import { openServices } from "./services.ts";

/** One run: a pipeline in a new namespace, the load, the faults, and the comparison at the end. */
export async function run(
  options: RunOptions,
  stack: Stack,
  say: (line: string) => void,
  stop: AbortSignal,
): Promise<RunOutcome> {
  // An interrupted earlier run may have left a service down. Services that respond are left alone.
  for (const service of targets["stop-service"]) await startService(service, { stack: stack.name });
  const suffix = `faults_${options.seed}_${Date.now().toString(36)}`.replace("-", "m");
  const logDirectory = join(stack.directory, "faults", suffix);
  await mkdir(logDirectory, { recursive: true });

  await using embeddings = await startEmbeddingsApi();
  await using opensearch = await startProxy(Number(new URL(stack.env.OPENSEARCH_ENDPOINT).port));
  await using postgres = await startProxy(Number(stack.env.POSTGRES_PORT));
  await using redis = await startProxy(Number(stack.env.REDIS_PORT));
  await using api = await startProxy(embeddings.port);
  const proxies = { opensearch, postgres, redis, embeddings: api };

  const namespace = isolated(suffix);
  await using services = openServices({ ...stack.env, ...namespace });
  const environment = { ...namespace, ...pipelineEnvironment(proxies, options.bug) };
  const pipeline = await startPipeline({ stack: stack.env, environment, logDirectory });
  try {
    const watched = { ...options, stack: stack.name, services, pipeline, proxies, embeddings };
    const outcome: RunOutcome = { ...(await breakAndRead(watched, say, stop)), logDirectory };
    if (isKept(outcome) && !options.keep) {
      await clean(services);
      await rm(logDirectory, { recursive: true });
    }
    return outcome;
  } finally {
    await pipeline.stop();
  }
}
