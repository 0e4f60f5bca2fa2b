import { setMaxListeners } from "node:events";
import { describeCause, handleStopSignals } from "@millrace/shared";
import { lease, type Stack, StackError } from "@millrace/stack";
import { type Command, InvalidArgumentError } from "commander";

const EXIT_INTERRUPTED = 130;
const EXIT_FAILED = 2;
/** So that two JVMs and the pipeline fit a machine with other work to do. */
const HEAPS_MB = { MILLRACE_OPENSEARCH_HEAP_MB: "512", MILLRACE_KAFKA_HEAP_MB: "384" };

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Aborted by Ctrl-C; a second Ctrl-C ends the process. */
export function stopOnSignals(): AbortSignal {
  const stop = handleStopSignals({
    signals: ["SIGINT", "SIGTERM"],
    onStop: () => say("\nStopping …"),
    onHardStop: () => process.exit(EXIT_INTERRUPTED),
  });
  // The load and every fault wait for it.
  setMaxListeners(0, stop);
  return stop;
}

/** Exit code 2 for an error, 130 after an interruption. */
export async function runCommand(program: Command, stop: AbortSignal): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (!stop.aborted) say(error instanceof StackError ? error.message : inFull(error));
    process.exitCode = stop.aborted ? EXIT_INTERRUPTED : EXIT_FAILED;
  }
}

/** Stacks with the given name, the second and later ones with a number after it. */
export async function leaseStacks(name: string, count: number): Promise<AsyncDisposable & { stacks: Stack[] }> {
  for (const [variable, value] of Object.entries(HEAPS_MB)) process.env[variable] ??= value;
  await using opened = new AsyncDisposableStack();
  const stacks: Stack[] = [];
  for (let number = 1; number <= count; number++) {
    stacks.push(opened.use(await lease({ name: number === 1 ? name : `${name}-${number}`, onProgress: say })));
  }
  const kept = opened.move();
  return { stacks, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export function wholeNumber(text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a whole number.");
}

export function positive(text: string): number {
  const number = Number(text);
  if (number > 0 && number < 1e6) return number;
  throw new InvalidArgumentError("Give a number above 0.");
}

export function positiveInteger(text: string): number {
  const number = positive(text);
  if (Number.isInteger(number)) return number;
  throw new InvalidArgumentError("Give a whole number above 0.");
}

export function range(text: string): number[] {
  const [, from, to] = /^(\d{1,9})-(\d{1,9})$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (last >= first && last - first < 1_000) {
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }
  throw new InvalidArgumentError("Give a range such as 1-20.");
}

/** A bug keeps its stack trace. */
function inFull(error: unknown): string {
  return error instanceof Error ? (error.stack ?? describeCause(error)) : describeCause(error);
}
