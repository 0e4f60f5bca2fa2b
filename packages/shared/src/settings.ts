import { z } from "zod";
import { described, variable } from "./config.ts";

/** Groups of variables that several processes share. Each process's schema combines the groups that it needs. */

export const processSettings = {
  HOST: described(z.string().default("0.0.0.0"), "Address that the HTTP server listens on."),
  LOG_LEVEL: described(z.enum(["debug", "info", "warn", "error"]).default("info"), "Lowest level to log."),
  HEARTBEAT_INTERVAL_MS: described(
    variable.integer(100, 600_000).default(30_000),
    "Interval between heartbeat lines in the log.",
  ),
  PRESENCE_INTERVAL_MS: described(
    variable.integer(100, 60_000).default(2_000),
    "Interval between a process's status reports to Redis.",
  ),
  SLOW_OPERATION_MS: described(
    variable.integer(1, 3_600_000).default(1_000),
    "Requests to another service that took longer than this in the last 10 s, or are still running after it, are reported as slow by health, status and alerts.",
  ),
  SHUTDOWN_TIMEOUT_MS: described(
    variable.integer(0, 600_000).default(25_000),
    "After SIGTERM, how long work in flight may take to finish. What remains is aborted uncommitted and redone after the restart.",
  ),
  RETRY_INITIAL_MS: described(variable.integer(1, 60_000).default(200), "Maximum delay before the first retry."),
  RETRY_MAX_MS: described(variable.integer(1, 600_000).default(15_000), "Maximum delay before any retry."),
};
export type ProcessSettings = z.output<z.ZodObject<typeof processSettings>>;

/** What identifies a document; ingest and sink must agree. */
export const documentSettings = {
  DOCUMENT_ID: described(
    z.enum(["offset", "key"]).default("offset"),
    "offset: one document per message. key: one document per Kafka key; a later message replaces it, and a message without a value deletes it.",
  ),
};

/** For each process that batches texts into a request to the provider. */
export const batchSettings = {
  BATCH_MAX_MESSAGES: described(
    variable.integer(1, 2_048).default(256),
    "Maximum messages per batch; OpenAI allows 2,048 inputs per request.",
  ),
  BATCH_MAX_TOKENS: described(
    variable.integer(1, 10_000_000).default(300_000),
    "Maximum tokens per batch; OpenAI allows 300,000 per request.",
  ),
};
