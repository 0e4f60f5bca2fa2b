import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exchange, HOST, install, isFree, plainProgress, redis, redisProgram, StackError } from "@millrace/stack";

const NODES = 3;
const SLOTS = 16_384;
/** The nodes' bus port, which Redis 6 derives from the port. Both are below the range of outgoing connections. */
const BUS_OFFSET = 10_000;
const FIRST_PORT = 11_000;
const STARTS_WITHIN_MS = 30_000;

export interface RedisCluster extends AsyncDisposable {
  /** Each node's own port. */
  ports: number[];
}

/**
 * Starts a Redis cluster of three nodes on free ports for tests: the same Redis as the stack's, each node with a third
 * of the slots and no replica.
 *
 * @param announce returns the port at which clients reach a node, such as that of a proxy
 */
export async function startRedisCluster(
  announce: (port: number) => Promise<number> = async (port) => port,
): Promise<RedisCluster> {
  const programs = await install(
    redis.component,
    plainProgress((line) => process.stderr.write(`${line}\n`)),
  );
  const home = await mkdtemp(join(tmpdir(), "millrace-redis-cluster-"));
  const ports = await findPorts();
  const nodes = await Promise.all(
    ports.map(async (port) => startNode(redisProgram(programs), join(home, String(port)), port, await announce(port))),
  );
  const kill = () => {
    for (const node of nodes) node.kill("SIGKILL");
  };
  process.once("exit", kill);
  const dispose = async () => {
    process.off("exit", kill);
    const exits = nodes.filter(({ exitCode }) => exitCode === null).map((node) => once(node, "exit"));
    kill();
    await Promise.all(exits);
    await rm(home, { recursive: true, force: true });
  };
  try {
    const deadlineMs = Date.now() + STARTS_WITHIN_MS;
    for (const port of ports) await until(() => says(port, "PING", "+PONG"), deadlineMs);
    await form(ports);
    for (const port of ports) await until(() => says(port, "CLUSTER INFO", "cluster_state:ok"), deadlineMs);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { ports, [Symbol.asyncDispose]: dispose };
}

async function findPorts(): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < NODES) {
    const port = randomInt(FIRST_PORT, FIRST_PORT + BUS_OFFSET);
    if ((await isFree(port)) && (await isFree(port + BUS_OFFSET))) ports.add(port);
  }
  return [...ports];
}

async function startNode(program: string, home: string, port: number, announced: number) {
  await mkdir(home, { recursive: true });
  const settings = {
    ...{ bind: HOST, port, dir: home, save: "", appendonly: "no" },
    ...{ "cluster-enabled": "yes", "cluster-announce-ip": HOST, "cluster-announce-port": announced },
    "cluster-announce-bus-port": port + BUS_OFFSET,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return spawn(program, options, { stdio: "ignore" });
}

async function form(ports: readonly number[]): Promise<void> {
  const [first = 0, ...others] = ports;
  for (const [index, port] of ports.entries()) {
    const slots: number[] = [];
    for (let slot = index; slot < SLOTS; slot += ports.length) slots.push(slot);
    await demand(port, `CLUSTER ADDSLOTS ${slots.join(" ")}`);
    // Nodes with different epochs agree sooner on who owns which slots.
    await demand(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
  }
  for (const port of others) await demand(first, `CLUSTER MEET ${HOST} ${port} ${port + BUS_OFFSET}`);
}

async function demand(port: number, command: string): Promise<void> {
  if (!(await says(port, command, "+OK")))
    throw new StackError(`A node of the Redis cluster refuses ${command.slice(0, 40)}.`);
}

async function says(port: number, command: string, wanted: string): Promise<boolean> {
  const answer = await exchange(port, Buffer.from(`${command}\r\n`), (bytes) => /\r\n$/.test(bytes.toString("latin1")));
  return answer?.toString("latin1").includes(wanted) ?? false;
}

async function until(holds: () => Promise<boolean>, deadlineMs: number): Promise<void> {
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new StackError("The Redis cluster does not start.");
    await sleep(50);
  }
}
