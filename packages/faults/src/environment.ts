import type { NetworkProxy } from "@millrace/testbed";
import type { BugName } from "./bugs/bugs.ts";
import { MESSAGE_MAX_BYTES } from "./load.ts";
import type { ProxiedName } from "./schedule.ts";

/** Few, so that reading back all documents is fast. */
export const DIMENSIONS = 64;

/** The processes' variables besides their names: the proxies, and timeouts suited to runs of a minute or two. */
export function pipelineEnvironment(proxies: Record<ProxiedName, NetworkProxy>, bug?: BugName): Record<string, string> {
  return {
    OPENSEARCH_ENDPOINT: `http://127.0.0.1:${proxies.opensearch.port}`,
    POSTGRES_PORT: String(proxies.postgres.port),
    REDIS_PORT: String(proxies.redis.port),
    EMBEDDING_PROVIDER: "openai",
    OPENAI_API_KEY: "fake",
    OPENAI_BASE_URL: `http://127.0.0.1:${proxies.embeddings.port}/v1`,
    OPENAI_EMBEDDING_DIMENSIONS: String(DIMENSIONS),
    OPENAI_TIMEOUT_MS: "3000",
    OPENSEARCH_TIMEOUT_MS: "5000",
    POSTGRES_TIMEOUT_MS: "5000",
    KAFKA_SESSION_TIMEOUT_MS: "6000",
    KAFKA_STALL_TIMEOUT_MS: "15000",
    RETRY_MAX_MS: "2000",
    SHUTDOWN_TIMEOUT_MS: "8000",
    MESSAGE_MAX_BYTES: String(MESSAGE_MAX_BYTES),
    // Gives batches of several messages at the rates of these runs.
    BATCH_LINGER_MS: "100",
    // Node's own variable loads the planted bug, so the pipeline's code is unaware of it.
    NODE_OPTIONS: bug ? `--import=${new URL(`bugs/preload.ts?${bug}`, import.meta.url).href}` : "",
  };
}
