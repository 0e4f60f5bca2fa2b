import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { HOST } from "./environment.ts";
import { StackError } from "./errors.ts";
import type { Ports, ServiceName } from "./state.ts";

/**
 * Below the range from which systems take the ports of outgoing connections: otherwise, while a service is stopped, the
 * retries of its own clients could take its port.
 */
const FIRST_PORT = 21_000;
const LAST_PORT = 31_999;

/** A killed process counts as gone before its last thread has released its port. */
const RELEASE_MAX_MS = 1_000;

const portNames = [
  "kafka",
  "kafkaController",
  "opensearch",
  "opensearchTransport",
  "postgres",
  "redis",
  "registry",
  "registryManagement",
] as const;

export type WantedPorts = Partial<Record<ServiceName, number>>;

/**
 * Chooses a port for each name: the requested one, which must be free; otherwise the one used last time, if it is still
 * free; otherwise any free one. The ports in `running` belong to services that already listen there.
 */
export async function choosePorts(wanted: WantedPorts, remembered: Ports | undefined, running: ReadonlySet<number>) {
  const chosen: Partial<Ports> = {};
  const taken = new Set(Object.values(wanted));
  if (taken.size < Object.keys(wanted).length)
    throw new StackError("Two services can't share a port: give each its own.");
  for (const name of portNames) {
    const port = (name in wanted && wanted[name as ServiceName]) || undefined;
    chosen[name] = port ? await required(name, port, running) : await preferred(remembered?.[name], taken, running);
    taken.add(chosen[name]);
  }
  return chosen as Ports;
}

/** Different ports that are free now, for a server that only this process starts. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await preferred(undefined, ports, new Set()));
  return [...ports];
}

export async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ host: HOST, port, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}

/** Whether a port is free, or becomes free because the process that held it just ended. */
export async function becomesFree(port: number): Promise<boolean> {
  const deadlineMs = Date.now() + RELEASE_MAX_MS;
  while (!(await isFree(port))) {
    if (Date.now() > deadlineMs) return false;
    await sleep(50);
  }
  return true;
}

async function required(name: string, port: number, running: ReadonlySet<number>): Promise<number> {
  if (running.has(port) || (await becomesFree(port))) return port;
  throw portTaken(name, port, await holderOf(port));
}

export function portTaken(
  name: string,
  port: number,
  holder: string | undefined,
  option = `--${name}-port`,
): StackError {
  const by = holder ? `${holder}` : "another program";
  return new StackError(
    `Port ${port} for ${name} is taken by ${by}: stop that program, choose another port with ${option}, or omit the option.`,
  );
}

async function preferred(last: number | undefined, taken: Set<number>, running: ReadonlySet<number>): Promise<number> {
  if (last && !taken.has(last) && (running.has(last) || (await becomesFree(last)))) return last;
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new StackError(
    `Found no free port between ${FIRST_PORT} and ${LAST_PORT}: stop some of the programs that listen there.`,
  );
}

/** Names the program that listens on a port, if lsof is installed. */
export async function holderOf(port: number): Promise<string | undefined> {
  try {
    const options = ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"];
    const { stdout } = await promisify(execFile)("lsof", options, { timeout: 3_000 });
    const pid = /^p(\d+)$/m.exec(stdout)?.[1];
    const command = /^c(.+)$/m.exec(stdout)?.[1];
    return pid && `${command ?? "a program"} (process ${pid})`;
  } catch {
    return undefined;
  }
}
