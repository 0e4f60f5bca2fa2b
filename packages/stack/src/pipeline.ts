import { randomInt } from "node:crypto";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { HOST, type StackEnvironment } from "./environment.ts";
import { StackError } from "./errors.ts";
import { onEnding } from "./on-ending.ts";
import {
  type Exit,
  launchProcess,
  type PipelineProcess,
  type ProcessName,
  processNames,
  stopProcess,
  untilReady,
} from "./pipeline-process.ts";
import { type Claim, claimDirectory, vacate } from "./pipeline-record.ts";
import { becomesFree, holderOf, isFree, portTaken } from "./ports.ts";
import { writeTargets } from "./targets.ts";

export interface PipelineOptions {
  /** Addresses of the services. */
  stack: StackEnvironment;
  /** Variables for all processes; they override the inherited ones and the stack's. */
  environment?: Readonly<Record<string, string>>;
  /**
   * Each process writes `<process>-<n>.log` there; a file of an earlier pipeline is kept as `….previous.log`.
   * `targets.json` lists the initial processes for Prometheus. The directory belongs to one pipeline at a time;
   * `pipeline.json` names its owner.
   */
  logDirectory: string;
  /** How many of each process; default: one. The api asks the first embed process for the vectors of search texts. */
  counts?: Partial<Record<ProcessName, number>>;
  /** Runs the output of `pnpm run build`, as the images do, instead of the sources. */
  built?: boolean;
  /** The port of the first api process; default: a free one. */
  apiPort?: number;
  /** Called with what an earlier pipeline left behind, and with what a slow process is waiting for. */
  onProgress?: (line: string) => void;
}

export interface Pipeline extends AsyncDisposable {
  /** The first api process. */
  api: URL;
  /** The running processes, in the order of the stages. */
  readonly processes: readonly PipelineProcess[];
  /** Throws if no process of this name and index runs. */
  process(name: ProcessName, index?: number): PipelineProcess;
  /** Starts one more process of a kind, or restarts one that has ended, on its old port; resolves when it is ready. */
  start(name: ProcessName, index?: number): Promise<PipelineProcess>;
  /** Ends a process with a signal and resolves when it is gone; nothing restarts it. */
  kill(name: ProcessName, signal?: NodeJS.Signals, index?: number): Promise<Exit>;
  /** Sends SIGTERM to all, then SIGKILL to those that take too long; resolves when all are gone. */
  stop(): Promise<(Exit & { name: ProcessName; index: number })[]>;
}

/** Throws what `startPipeline` would throw at once, so that the error comes before a stack is started. */
export async function requireStartable({
  logDirectory,
  apiPort,
  onProgress,
}: Pick<PipelineOptions, "logDirectory" | "apiPort" | "onProgress">): Promise<void> {
  await vacate(logDirectory, onProgress);
  await requireFree(apiPort);
}

/**
 * Runs the four processes on a stack and returns when all are ready. A signal that ends this process (Ctrl-C, SIGTERM)
 * stops them first.
 */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const ports = new Map<string, number>();
  if (options.apiPort !== undefined) ports.set(slotOf("api", 1), options.apiPort);
  const portOf = async (name: ProcessName, index: number): Promise<number> => {
    const port = ports.get(slotOf(name, index)) ?? (await freePort(new Set(ports.values())));
    ports.set(slotOf(name, index), port);
    return port;
  };
  const api = new URL(`http://${HOST}:${await portOf("api", 1)}`);
  const environment = {
    ...process.env,
    ...options.stack,
    EMBED_URL: `http://${HOST}:${await portOf("embed", 1)}`,
    ...options.environment,
  };
  const { logDirectory, built = false, onProgress } = options;
  const claim = await claimDirectory(logDirectory, api, onProgress);
  const launch: LaunchProcess = async (name, index) =>
    launchProcess({ name, index, port: await portOf(name, index), logDirectory, environment, built });
  const onWaiting = eachOnce((reason) => onProgress?.(`Waiting for ${reason}`));
  const pipeline = new RunningPipeline(api, claim, launch, onWaiting);
  try {
    await requireFree(options.apiPort);
    const wanted = processNames.flatMap((name) =>
      Array.from({ length: options.counts?.[name] ?? 1 }, (_, position) => ({ name, index: position + 1 })),
    );
    for (const { name, index } of wanted) await setLogAside(join(logDirectory, `${slotOf(name, index)}.log`));
    await Promise.all(wanted.map(({ name, index }) => pipeline.start(name, index)));
    await writeTargets(logDirectory, pipeline.processes);
    return pipeline;
  } catch (error) {
    await pipeline.stop();
    throw error;
  }
}

type LaunchProcess = (name: ProcessName, index: number) => Promise<PipelineProcess>;

class RunningPipeline implements Pipeline {
  readonly api: URL;
  #claim: Claim;
  #launch: LaunchProcess;
  #onWaiting: (reason: string) => void;
  #slots = new Map<string, PipelineProcess>();
  #stopping: ReturnType<Pipeline["stop"]> | undefined;
  #release: () => void;

  constructor(api: URL, claim: Claim, launch: LaunchProcess, onWaiting: (reason: string) => void) {
    this.api = api;
    this.#claim = claim;
    this.#launch = launch;
    this.#onWaiting = onWaiting;
    this.#release = onEnding(
      () => this.stop(),
      () => {
        for (const each of this.processes) each.kill("SIGTERM");
      },
    );
  }

  get processes(): readonly PipelineProcess[] {
    const rank = ({ name, index }: PipelineProcess) => processNames.indexOf(name) * 1_000 + index;
    return [...this.#slots.values()].sort((one, other) => rank(one) - rank(other));
  }

  process(name: ProcessName, index = 1): PipelineProcess {
    const found = this.#slots.get(slotOf(name, index));
    if (!found)
      throw new StackError(`No process ${slotOf(name, index)} is running: it has exited or was never started.`);
    return found;
  }

  async start(name: ProcessName, index = this.#freeIndex(name)): Promise<PipelineProcess> {
    const slot = slotOf(name, index);
    if (this.#stopping) throw new StackError(`Can't start ${slot}: the pipeline is stopping.`);
    if (this.#slots.has(slot)) throw new StackError(`${slot} is already running.`);
    const launched = await this.#launch(name, index);
    this.#slots.set(slot, launched);
    void launched.exited.then(() => this.#slots.delete(slot));
    await this.#claim.add(launched);
    // The pipeline was stopped while this process's port was chosen.
    if (this.#stopping) await stopProcess(launched);
    await untilReady(launched, this.#onWaiting);
    return launched;
  }

  async kill(name: ProcessName, signal: NodeJS.Signals = "SIGKILL", index = 1): Promise<Exit> {
    const victim = this.process(name, index);
    victim.kill(signal);
    return victim.exited;
  }

  stop(): ReturnType<Pipeline["stop"]> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stopAll() {
    const exits = this.processes.map(async (each) => {
      const exit = await stopProcess(each);
      return { name: each.name, index: each.index, ...exit };
    });
    const ended = await Promise.all(exits);
    await this.#claim.release();
    this.#release();
    return ended;
  }

  #freeIndex(name: ProcessName): number {
    let index = 1;
    while (this.#slots.has(slotOf(name, index))) index++;
    return index;
  }
}

/** Several processes wait for the same thing, which is reported once. */
function eachOnce(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (!said.has(text)) say(text);
    said.add(text);
  };
}

function slotOf(name: ProcessName, index: number): string {
  return `${name}-${index}`;
}

async function setLogAside(log: string): Promise<void> {
  await rename(log, log.replace(/\.log$/, ".previous.log")).catch(() => undefined);
}

/** Otherwise the process would exit, and the program that listens there would be taken for it. */
async function requireFree(apiPort: number | undefined): Promise<void> {
  if (apiPort === undefined || (await becomesFree(apiPort))) return;
  throw portTaken("api", apiPort, await holderOf(apiPort), "--port");
}

/** Below the range of outgoing connections, like the services' own ports: a restarted process needs its port again. */
async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(21_000, 32_000);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new StackError("Found no free port between 21000 and 31999: stop some of the programs that listen there.");
}
