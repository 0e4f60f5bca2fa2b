import { setTimeout as sleep } from "node:timers/promises";
import { type ServiceName, startService, stopService } from "@millrace/stack";
import type { EmbeddingsApi, NetworkProxy, ProxyMode } from "@millrace/testbed";
import { describeFault, type Fault, type PipelineStage, type ProxiedName } from "./schedule.ts";
import type { Slot, Supervisor } from "./supervisor.ts";

/** Everything that faults can break. */
export interface World {
  stack: string;
  supervisor: Supervisor;
  proxies: Record<ProxiedName, NetworkProxy>;
  embeddings: EmbeddingsApi;
}

/** An injected fault with its actual times. */
export interface Injected {
  fault: string;
  /** The fault without its planned duration. */
  name: string;
  plannedAtMs: number;
  startedAtMs: number;
  healedAtMs: number;
}

const READY_MAX_MS = 30_000;

/** Injects every fault at its time and heals it; resolves when the last one is healed. */
export async function injectFaults(
  plan: readonly Fault[],
  world: World,
  onFault: (line: string) => void,
  signal: AbortSignal,
): Promise<Injected[]> {
  const startedAtMs = performance.now();
  const sinceStart = (): number => Math.round(performance.now() - startedAtMs);
  const queues = new Map<string, Promise<void>>();

  const injectInTurn = async (fault: Fault): Promise<Injected> => {
    await sleep(fault.atMs, undefined, { signal });
    // Faults of the same target run one after another: healing the first would heal the second.
    const before = queues.get(thingOf(fault)) ?? Promise.resolve();
    const injected = before.then(async () => {
      signal.throwIfAborted();
      const atMs = sinceStart();
      onFault(`${(atMs / 1000).toFixed(1).padStart(6)} s  ${describeFault(fault)}`);
      await inject(fault, world);
      const name = `${fault.kind} ${fault.target}`;
      const times = { plannedAtMs: fault.atMs, startedAtMs: atMs, healedAtMs: sinceStart() };
      return { fault: describeFault(fault), name, ...times };
    });
    queues.set(
      thingOf(fault),
      injected.then(
        () => undefined,
        () => undefined,
      ),
    );
    return injected;
  };
  return allOrFirstFailure(plan.map(injectInTurn));
}

/** Rejects only after all have settled, so that every fault is healed before the services are stopped. */
export async function allOrFirstFailure<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function thingOf({ kind, target }: Fault): string {
  switch (kind) {
    case "stop-service":
    case "kill-service":
      return `service ${target}`;
    case "cut":
    case "blackhole":
    case "slow":
      return `network ${target}`;
    case "embeddings":
      return kind;
    case "kill":
      return `${kind} ${target}`;
    case "freeze":
      return `${kind} ${target}`;
    case "rolling-restart":
    case "scale":
      return "rebalance";
    default:
      return kind satisfies never;
  }
}

async function inject(fault: Fault, world: World): Promise<void> {
  const { kind, target, durationMs, share } = fault;
  const { supervisor, proxies, embeddings, stack } = world;
  switch (kind) {
    case "kill":
      return supervisor.kill({ name: target, index: 1 }, durationMs);
    case "freeze":
      return supervisor.freeze({ name: target, index: 1 }, durationMs);
    case "rolling-restart":
      return restartAll(supervisor);
    case "scale":
      return scale(supervisor, target, durationMs);
    case "stop-service":
      return interrupt(stack, target, durationMs);
    case "kill-service":
      return interrupt(stack, target, durationMs, "SIGKILL");
    case "cut":
    case "blackhole":
    case "slow":
      return disturb(proxies[target], kind, durationMs);
    case "embeddings":
      await embeddings.set({ mode: { fault: target, share } });
      await sleep(durationMs);
      return embeddings.set({ mode: null });
    default:
      return kind satisfies never;
  }
}

async function restartAll(supervisor: Supervisor): Promise<void> {
  for (const name of ["ingest", "embed", "sink", "api"] as const) {
    for (const slot of supervisor.slots(name)) await supervisor.restart(slot, READY_MAX_MS);
  }
}

/** Four rebalances: to two, to three, to two, to one. */
async function scale(supervisor: Supervisor, name: PipelineStage, durationMs: number): Promise<void> {
  const more: Slot[] = [2, 3].map((index) => ({ name, index }));
  for (const slot of more) {
    supervisor.add(slot);
    await sleep(durationMs / 3);
  }
  for (const slot of more.toReversed()) {
    await supervisor.remove(slot);
    await sleep(durationMs / 6);
  }
}

async function interrupt(stack: string, name: ServiceName, durationMs: number, signal?: NodeJS.Signals): Promise<void> {
  await stopService(name, { stack, ...(signal && { signal }) });
  await sleep(durationMs);
  await startService(name, { stack });
}

async function disturb(proxy: NetworkProxy, mode: ProxyMode, durationMs: number): Promise<void> {
  proxy.mode = mode;
  await sleep(durationMs);
  proxy.mode = "pass";
}
