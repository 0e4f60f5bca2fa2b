import { hostname } from "node:os";
import type { z } from "zod";
import { ConfigurationError, readConfiguration, type Settings } from "./config.ts";
import { describeCause } from "./fault.ts";
import { Health } from "./health.ts";
import { Log } from "./log.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { processMetrics } from "./metrics/process.ts";
import type { ProcessSettings } from "./settings.ts";
import type { Patience } from "./settle.ts";
import { handleStopSignals } from "./stop-signals.ts";
import { openTracing } from "./tracing/open.ts";
import type { Tracing } from "./tracing/tracing.ts";

/** sysexits.h: a configuration error; an internal software error. */
const EXIT_CONFIGURATION = 78;
const EXIT_BUG = 70;

/** What every process has, whatever it does. */
export interface ProcessContext<Configuration> {
  config: Configuration;
  log: Log;
  health: Health;
  metrics: Metrics;
  tracing: Tracing;
  /** Names this process among its siblings: host and process id. */
  instance: string;
  /** Aborted by SIGTERM or SIGINT: take no more work, finish what is in flight, commit. */
  stop: AbortSignal;
  /** `patience.hardStop` is aborted when that takes longer than `SHUTDOWN_TIMEOUT_MS`, or by a second signal. */
  patience: Patience;
}

/**
 * Runs a process: reads its configuration, runs `work` until that returns, and exits: 0 after a stop that was asked
 * for, 78 when the configuration is refused, 70 when something was thrown that nobody expected.
 */
export async function runProcess<Schema extends Settings>(
  service: string,
  schema: Schema,
  work: (context: ProcessContext<z.output<Schema>>) => Promise<void>,
): Promise<never> {
  const startedAt = performance.now();
  const instance = `${hostname()}-${process.pid}`;
  const config = configure(service, schema);
  const common = config as unknown as ProcessSettings;
  const log = new Log(service, { level: common.LOG_LEVEL, instance });
  const health = new Health();
  const metrics = processMetrics(log, health);
  const { stop, hardStop } = stopSignals(common.SHUTDOWN_TIMEOUT_MS, log, health);
  const crash = (error: unknown): never => {
    // What waited when the time was up rejects: it stays uncommitted and is done again.
    if (hardStop.aborted) process.exit(health.isStarted ? 1 : 0);
    log.record("process.crash", "failed", undefined, {
      cause: describeCause(error),
      ...(error instanceof Error && { stack: error.stack }),
    });
    process.exit(EXIT_BUG);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);

  const backoff = { initialMs: common.RETRY_INITIAL_MS, maxMs: common.RETRY_MAX_MS };
  log.record("process.start", "ok", undefined, { node: process.version, pid: process.pid });
  const tracing = await openTracing(service, instance);
  try {
    await work({ config, log, health, metrics, tracing, instance, stop, patience: { log, health, backoff, hardStop } });
  } catch (error) {
    if (error instanceof ConfigurationError) refuse(error, log);
    if (!hardStop.aborted) crash(error);
    if (!health.isStarted) process.exit(0);
    log.record("process.stop", "failed", performance.now() - startedAt, {
      cause: "given up uncommitted: it will be done again",
    });
    process.exit(1);
  }
  await tracing[Symbol.asyncDispose]();
  log.record("process.stop", "ok", performance.now() - startedAt);
  process.exit(0);
}

function configure<Schema extends Settings>(service: string, schema: Schema): z.output<Schema> {
  try {
    return readConfiguration(schema, process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return refuse(error, new Log(service));
  }
}

function refuse(error: ConfigurationError, log: Log): never {
  log.record("process.configure", "failed", undefined, { problems: error.problems });
  process.stderr.write(`${error.message}\n`);
  process.exit(EXIT_CONFIGURATION);
}

/** Two steps: the first signal asks for an orderly stop, the time limit or a second signal for an immediate one. */
function stopSignals(timeoutMs: number, log: Log, health: Health): { stop: AbortSignal; hardStop: AbortSignal } {
  const hardStop = new AbortController();
  const stop = handleStopSignals({
    signals: ["SIGTERM", "SIGINT"],
    onStop: (signal) => log.record("process.stop", "ok", undefined, { signal }),
    onHardStop: (signal) => hardStop.abort(new Error(`stopped by a second ${signal}`)),
  });
  stop.addEventListener("abort", () => {
    // Nothing is in flight yet: what waits for a dependency need not go on.
    if (!health.isStarted) hardStop.abort(new Error("stopped before it had started"));
    setTimeout(() => hardStop.abort(new Error("SHUTDOWN_TIMEOUT_MS is over")), timeoutMs).unref();
    // Whatever ignores the hard stop does not keep the process.
    setTimeout(() => process.exit(1), timeoutMs + 3_000).unref();
  });
  return { stop, hardStop: hardStop.signal };
}
