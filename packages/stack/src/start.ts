import { setTimeout as sleep } from "node:timers/promises";
import { install } from "./cache.ts";
import { StackError } from "./errors.ts";
import { findJava } from "./java.ts";
import { lastLines, logFile } from "./log.ts";
import { becomesFree, holderOf, portTaken } from "./ports.ts";
import { findService, launch, stop } from "./process.ts";
import type { ProgressReporter } from "./progress.ts";
import type { Service } from "./service.ts";
import { type Ports, type State, writeState } from "./state.ts";

const START_MAX_MS = 120_000;
/** A living service that doesn't answer within this time is restarted. */
const ANSWER_MAX_MS = 10_000;
const ATTEMPTS_MAX = 20;

export interface StartContext {
  directory: string;
  ports: Ports;
  /** Changed in place: services start concurrently, and each records its process as soon as it has one. */
  state: State;
  progress: ProgressReporter;
}

/** Starts a service unless it runs and answers; returns true if it had to. */
export async function ensureStarted(service: Service, context: StartContext): Promise<boolean> {
  const running = await findService(service, context.state, context.directory);
  if (running) {
    if (await answersWithin(service, context.ports, ANSWER_MAX_MS)) return false;
    context.progress.line(`${service.title}: running but unresponsive; restarting`);
    await stop(running.pid, service.stopSignal);
  }
  await start(service, context);
  return true;
}

async function start(service: Service, context: StartContext): Promise<void> {
  const programs = await install(service.component, context.progress);
  const startedAtMs = Date.now();
  const home = service.home(context.directory);
  const plan = await service.prepare({
    programs,
    directory: context.directory,
    home,
    java: await findJava(),
    ports: context.ports,
  });
  for (const port of service.portsOf(context.ports)) {
    if (!(await becomesFree(port))) throw portTaken(service.name, port, await holderOf(port));
  }
  for (let attempt = 1; ; attempt++) {
    const pid = await launch(service, plan, context.directory);
    context.state.processes[service.name] = { pid, startedAt: new Date().toISOString() };
    writeState(context.directory, context.state);
    const failure = await untilReady(service, context);
    if (!failure) break;
    if (attempt === ATTEMPTS_MAX || !service.isTransient?.(failure)) throw startFailure(service, context, failure);
    await sleep(500);
  }
  context.progress.line(`${service.title}: ready after ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`);
}

/** Waits until the service answers; returns the end of its log if it exits instead. */
async function untilReady(service: Service, { directory, ports, state }: StartContext): Promise<string | undefined> {
  const deadlineMs = Date.now() + START_MAX_MS;
  while (Date.now() < deadlineMs) {
    if (!(await findService(service, state, directory))) return lastLines(directory, service.name);
    if (await service.answers(ports)) return undefined;
    await sleep(100);
  }
  return `no answer within ${START_MAX_MS / 1000} s\n${await lastLines(directory, service.name)}`;
}

function startFailure(service: Service, { directory }: StartContext, failure: string): StackError {
  return new StackError(
    `${service.title} did not start. The last lines of its log, ${logFile(directory, service.name)}:\n${failure.replace(/^/gm, "  ")}`,
  );
}

async function answersWithin(service: Service, ports: Ports, timeoutMs: number): Promise<boolean> {
  const deadlineMs = Date.now() + timeoutMs;
  do {
    if (await service.answers(ports)) return true;
    await sleep(100);
  } while (Date.now() < deadlineMs);
  return false;
}
