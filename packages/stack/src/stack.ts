import { rm } from "node:fs/promises";
import { DEFAULT_STACK, nameOption, pipelineDirectory, stackDirectory } from "./directories.ts";
import { requireFreeDisk } from "./disk.ts";
import { environmentOf, type StackEnvironment } from "./environment.ts";
import { StackError } from "./errors.ts";
import { findJava } from "./java.ts";
import { withLock } from "./lock.ts";
import { endedBy, findPipeline, stopLeft } from "./pipeline-record.ts";
import { choosePorts, type WantedPorts } from "./ports.ts";
import { findService, stop } from "./process.ts";
import { type ProgressReporter, plainProgress } from "./progress.ts";
import type { Service } from "./service.ts";
import { chosenServices, runningServices, serviceNamed, services } from "./services.ts";
import { ensureStarted } from "./start.ts";
import { type OptionalServiceName, readState, type ServiceName, type State, writeState } from "./state.ts";

export interface StackOptions {
  /** Several stacks may run side by side, each with its own ports and data. Default: "default". */
  name?: string;
  /** Optional services beside the core, until the stack is stopped. */
  with?: readonly OptionalServiceName[];
  ports?: WantedPorts;
  onProgress?: (line: string) => void;
}

export interface Stack {
  name: string;
  env: StackEnvironment;
  /** Its state, data and logs. */
  directory: string;
}

/** Starts the services that are not running, and returns once every service answers in its own protocol. */
export function up(options: StackOptions = {}): Promise<Stack> {
  return bringUp(options, plainProgress(options.onProgress ?? (() => undefined)));
}

export async function bringUp(options: StackOptions, progress: ProgressReporter): Promise<Stack> {
  const directory = stackDirectory(options.name ?? DEFAULT_STACK);
  return withLock(directory, () => bringUpLocked(options, directory, progress, "user"));
}

/** Call it under the stack's lock. A lease takes responsibility only for a stack of which nothing ran. */
export async function bringUpLocked(
  { name = DEFAULT_STACK, ports: wanted = {}, with: asked = [] }: StackOptions,
  directory: string,
  progress: ProgressReporter,
  broughtUpBy: "user" | "lease",
): Promise<Stack> {
  const state = await readState(directory);
  state.with = [...new Set([...state.with, ...asked])];
  const chosen = chosenServices(state);
  const running = await runningServices(state, directory);
  refuseOtherPorts(name, wanted, state, running);
  if (running.length < chosen.length) await checkMachine(directory);
  const remembered = state.ports;
  const inUse = remembered ? running.flatMap((service) => service.portsOf(remembered)) : [];
  const ports = await choosePorts(wanted, remembered, new Set(inUse));
  state.ports = ports;
  if (broughtUpBy === "user" || running.length === 0) state.broughtUpBy = broughtUpBy;
  writeState(directory, state);
  const outcomes = await Promise.allSettled(
    chosen.map((service) => ensureStarted(service, { directory, ports, state, progress })),
  );
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length > 0) throw joined(failures);
  if (!outcomes.some((outcome) => outcome.status === "fulfilled" && outcome.value)) {
    progress.line(`Stack "${name}" is already up.`);
  }
  return { name, env: environmentOf(ports, state.with), directory };
}

/** Stops every service and keeps the data. */
export async function down(options: StackOptions = {}): Promise<void> {
  const directory = stackDirectory(options.name ?? DEFAULT_STACK);
  await withLock(directory, () => takeDownLocked(directory, options.onProgress));
}

/** Call it under the stack's lock. */
export async function takeDownLocked(directory: string, onProgress: StackOptions["onProgress"]): Promise<void> {
  const state = await readState(directory);
  await stopLeftPipeline(directory, onProgress);
  await Promise.all(
    services.map(async (service) => {
      if (await stopIfRunning(service, state, directory)) onProgress?.(`${service.title}: stopped`);
    }),
  );
  // Without processes there is no responsibility and no optional service; the ports are kept for the next start.
  if (state.ports) writeState(directory, { ports: state.ports, processes: {}, with: [] });
}

/** Stops every service and deletes the stack's data, logs and settings. */
export async function reset(options: StackOptions = {}): Promise<void> {
  const directory = stackDirectory(options.name ?? DEFAULT_STACK);
  await withLock(directory, async () => {
    await takeDownLocked(directory, options.onProgress);
    const homes = services.map((service) => service.home(directory));
    for (const folder of [...homes, directory]) await rm(folder, { recursive: true, force: true });
  });
}

/** The settings of a stack that was up before, whether it runs now or not. */
export async function environment(name = DEFAULT_STACK): Promise<StackEnvironment> {
  const { ports, with: optional } = await readState(stackDirectory(name));
  if (ports) return environmentOf(ports, optional);
  throw new StackError(`Stack "${name}" does not exist yet: start it with \`npm run stack -- up${nameOption(name)}\`.`);
}

/** Stops one service of a running stack, as a fault. Orderly by default; SIGKILL leaves it no time for anything. */
export async function stopService(
  name: ServiceName,
  { stack = DEFAULT_STACK, signal }: { stack?: string; signal?: NodeJS.Signals } = {},
): Promise<void> {
  const directory = stackDirectory(stack);
  await withLock(directory, async () => {
    const state = await readState(directory);
    await stopIfRunning(serviceNamed(name), state, directory, signal);
    delete state.processes[name];
    writeState(directory, state);
  });
}

/** Restarts one service on the same port and with its data; returns once it answers. */
export async function startService(
  name: ServiceName,
  { stack = DEFAULT_STACK }: { stack?: string } = {},
): Promise<void> {
  const directory = stackDirectory(stack);
  await withLock(directory, async () => {
    const state = await readState(directory);
    if (!state.ports) throw new StackError(`Stack "${stack}" does not exist yet: start it before its ${name}.`);
    const progress = plainProgress(() => undefined);
    await ensureStarted(serviceNamed(name), { directory, ports: state.ports, state, progress });
  });
}

/** Stops a pipeline that a killed owner left behind; a living owner stops its own. */
async function stopLeftPipeline(directory: string, onProgress: StackOptions["onProgress"]): Promise<void> {
  const pipeline = await findPipeline(pipelineDirectory(directory));
  if (!pipeline) return;
  if (pipeline.ownerPid === undefined) return stopLeft(pipeline, onProgress);
  onProgress?.(
    `The pipeline of process ${pipeline.ownerPid} is still running: stop it with ${endedBy(pipeline.ownerPid)}.`,
  );
}

async function stopIfRunning(
  service: Service,
  state: State,
  directory: string,
  signal: NodeJS.Signals = service.stopSignal,
): Promise<boolean> {
  const running = await findService(service, state, directory);
  if (running) await stop(running.pid, signal);
  return running !== undefined;
}

/** Fails before anything is fetched or started, with all problems at once. */
async function checkMachine(directory: string): Promise<void> {
  await findJava();
  await requireFreeDisk(directory);
}

function refuseOtherPorts(name: string, wanted: WantedPorts, state: State, running: Service[]): void {
  for (const service of running) {
    const port = wanted[service.name];
    const current = state.ports?.[service.name];
    if (port === undefined || port === current) continue;
    throw new StackError(
      `Stack "${name}" is already running with ${service.title} on port ${current}: ` +
        `stop it with \`npm run stack -- down${nameOption(name)}\` before you choose port ${port}.`,
    );
  }
}

/** Services fail independently; the user should see all failures at once. A bug keeps its stack trace. */
function joined(failures: unknown[]): unknown {
  if (!failures.every((failure) => failure instanceof StackError)) {
    return failures.find((failure) => !(failure instanceof StackError));
  }
  // Two services can fail for the same reason, such as a missing Maven.
  return new StackError([...new Set(failures.map((failure) => failure.message))].join("\n"));
}
