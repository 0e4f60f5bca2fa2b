import { setTimeout as sleep } from "node:timers/promises";
import { isolated, type Pipeline, type PipelineOptions, startPipeline } from "@millrace/stack";
import { openReadBack, type ReadBack } from "./read-back.ts";

const POLL_INTERVAL_MS = 100;

/** A pipeline with unique names on a stack, and a way to read back its results. Its data is removed with it. */
export interface Testbed extends AsyncDisposable {
  pipeline: Pipeline;
  readBack: ReadBack;
  /** Waits for so many messages with a row; throws if no row is added for `stallMs`. */
  untilRecorded(count: number, onProgress?: (recorded: number) => void, stallMs?: number): Promise<void>;
}

export async function openTestbed(suffix: string, options: PipelineOptions): Promise<Testbed> {
  const namespace = isolated(suffix);
  // The figures must not depend on a key in the user's environment.
  const environment = { EMBEDDING_PROVIDER: "local", ...namespace, ...options.environment };
  const readBack = openReadBack({ ...options.stack, ...environment });
  const close = async (pipeline?: Pipeline): Promise<void> => {
    await pipeline?.stop();
    await readBack.clean();
    await readBack[Symbol.asyncDispose]();
  };
  try {
    const pipeline = await startPipeline({ ...options, environment });
    return {
      pipeline,
      readBack,
      untilRecorded: (count, onProgress, stallMs) => untilRecorded(readBack, count, onProgress, stallMs),
      [Symbol.asyncDispose]: () => close(pipeline),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Waits for so many messages with a row; throws if no row is added for `stallMs`. */
export async function untilRecorded(
  readBack: ReadBack,
  count: number,
  onProgress: (recorded: number) => void = () => undefined,
  stallMs = 30_000,
): Promise<void> {
  let recorded = 0;
  let movedAtMs = performance.now();
  while (recorded < count) {
    const now = await readBack.countRows();
    if (now > recorded) movedAtMs = performance.now();
    recorded = now;
    onProgress(recorded);
    if (performance.now() - movedAtMs > stallMs) {
      throw new Error(`only ${recorded} of ${count} messages have a row, and none was added for ${stallMs} ms`);
    }
    if (recorded < count) await sleep(POLL_INTERVAL_MS);
  }
}
