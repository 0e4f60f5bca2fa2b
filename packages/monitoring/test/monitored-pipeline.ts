import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClients } from "@millrace/cli";
import { isolated, type StackEnvironment, startPipeline } from "@millrace/stack";
import { clean } from "@millrace/testbed";
import { startPrometheus } from "../src/prometheus/prometheus.ts";
import { localConfiguration } from "../src/scrape.ts";

/** A separate pipeline, scraped every second by a real Prometheus with the deployed rules. */
export async function openMonitoredPipeline(stack: StackEnvironment, overrides: Record<string, string> = {}) {
  const environment = { EMBEDDING_PROVIDER: "local", ...isolated(`m_${randomBytes(6).toString("hex")}`), ...overrides };
  const logDirectory = await mkdtemp(join(tmpdir(), "millrace-monitoring-"));
  const resources = new AsyncDisposableStack();
  try {
    // Bypasses any proxy between the pipeline and a service.
    const clients = resources.use(openClients({ ...environment, ...stack }, "monitoring"));
    resources.defer(() => clean(clients));
    const pipeline = resources.use(await startPipeline({ stack, environment, logDirectory }));
    const prometheus = resources.use(
      await startPrometheus({
        configuration: await localConfiguration(
          { file_sd_configs: [{ files: [join(logDirectory, "targets.json")] }] },
          1,
        ),
      }),
    );
    return { pipeline, prometheus, publish: (texts: readonly string[]) => publish(pipeline.api, texts), resources };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

async function publish(api: URL, texts: readonly string[]): Promise<void> {
  const response = await fetch(new URL("/publish", api), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(texts.map((text) => ({ text }))),
  });
  if (!response.ok) throw new Error(`/publish answered ${response.status}: ${await response.text()}`);
}
