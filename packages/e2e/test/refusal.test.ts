import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isolated, type PipelineOptions, startPipeline } from "@millrace/stack";
import { expect, inject, it } from "vitest";

const only = { ingest: 0, embed: 0, sink: 0, api: 0 };

async function failureOf(options: Pick<PipelineOptions, "counts" | "environment">): Promise<string> {
  const logDirectory = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
  const starting = startPipeline({ stack: inject("stack"), logDirectory, ...options });
  return starting.then(
    async (pipeline) => {
      await pipeline.stop();
      return "it started";
    },
    (error: Error) => error.message,
  );
}

it.each(["ingest", "embed", "sink", "api"] as const)(
  "%s refuses an invalid configuration with exit code 78, and lists all problems at once",
  async (name) => {
    const message = await failureOf({
      counts: { ...only, [name]: 1 },
      environment: { KAFKA_BOOTSTRAP_SERVERS: "", KAFKA_REQUEST_TIMEOUT_MS: "soon", REDIS_PORT: "70000" },
    });
    expect(message).toContain("exited with code 78");
    expect(message).toContain("3 problems");
    expect(message).toContain("KAFKA_BOOTSTRAP_SERVERS is missing");
    expect(message).toContain("KAFKA_REQUEST_TIMEOUT_MS is refused: not a number");
    expect(message).toContain("REDIS_PORT is refused");
  },
);

it("sink refuses to start without an index that it may not create, and names it", async () => {
  const namespace = isolated(`refusal_${process.pid}`);
  const message = await failureOf({
    counts: { ...only, sink: 1 },
    environment: { ...namespace, POSTGRES_SCHEMA: "public", OPENSEARCH_CREATE_INDEX: "false" },
  });
  expect(message).toContain("exited with code 78");
  expect(message).toContain(`index ${namespace.OPENSEARCH_INDEX} does not exist and OPENSEARCH_CREATE_INDEX is false`);
});
