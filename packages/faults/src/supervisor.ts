import { setTimeout as sleep } from "node:timers/promises";
import type { Exit, Pipeline, PipelineProcess, ProcessName } from "@millrace/stack";

/** A slot for one process, which the supervisor keeps running. */
export interface Slot {
  name: ProcessName;
  index: number;
}

/** An unexpected exit: neither a fault nor a stop. */
export interface Crash extends Slot, Exit {
  atMs: number;
  log: string;
}

interface Kept extends Slot {
  /** Earliest restart; `Infinity` while another caller restarts it. */
  notBeforeMs: number;
  starting: boolean;
}

const LOOK_INTERVAL_MS = 50;
/** Delay before a process that exited unexpectedly is restarted. */
const RESTART_DELAY_MS = 500;

/** Restarts exited processes, as Kubernetes does, and tells crashes from injected faults. */
export class Supervisor implements AsyncDisposable {
  restarts = 0;
  readonly crashes: Crash[] = [];
  #pipeline: Pipeline;
  #startedAtMs = Date.now();
  #kept = new Map<string, Kept>();
  #watched = new WeakSet<PipelineProcess>();
  #expected = new WeakSet<PipelineProcess>();
  #stopped = false;
  #loop: Promise<void>;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
    for (const { name, index } of pipeline.processes) this.add({ name, index });
    this.#loop = this.#keepUp();
  }

  get processes(): readonly PipelineProcess[] {
    return this.#pipeline.processes;
  }

  slots(name: ProcessName): Slot[] {
    return [...this.#kept.values()].filter((slot) => slot.name === name);
  }

  /** Adds a process to keep running. */
  add({ name, index }: Slot): void {
    this.#kept.set(keyOf({ name, index }), { name, index, notBeforeMs: 0, starting: false });
  }

  /** Stops a process gracefully and keeps its slot empty. */
  async remove(slot: Slot): Promise<void> {
    this.#kept.delete(keyOf(slot));
    await this.#end(slot, "SIGTERM");
  }

  /** SIGKILL, then a restart after the delay. */
  async kill(slot: Slot, restartDelayMs: number): Promise<void> {
    const kept = this.#kept.get(keyOf(slot));
    if (kept) kept.notBeforeMs = Date.now() + restartDelayMs;
    await this.#end(slot, "SIGKILL");
  }

  /** SIGTERM, wait, start, wait until ready. */
  async restart(slot: Slot, readyMaxMs: number): Promise<void> {
    const kept = this.#kept.get(keyOf(slot));
    if (!kept) return;
    kept.notBeforeMs = Number.POSITIVE_INFINITY;
    await this.#end(slot, "SIGTERM");
    kept.notBeforeMs = 0;
    await Promise.race([this.#start(kept), sleep(readyMaxMs)]);
  }

  async freeze(slot: Slot, durationMs: number): Promise<void> {
    const victim = this.find(slot);
    victim?.kill("SIGSTOP");
    await sleep(durationMs);
    victim?.kill("SIGCONT");
  }

  find({ name, index }: Slot): PipelineProcess | undefined {
    return this.processes.find((process) => process.name === name && process.index === index);
  }

  /** Stops restarting; running processes continue. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #end(slot: Slot, signal: NodeJS.Signals): Promise<void> {
    const victim = this.find(slot);
    if (!victim) return;
    this.#expected.add(victim);
    victim.kill(signal);
    await victim.exited;
  }

  async #keepUp(): Promise<void> {
    while (!this.#stopped) {
      for (const process of this.processes) this.#watch(process);
      for (const kept of this.#kept.values()) {
        const isDue = Date.now() >= kept.notBeforeMs && !kept.starting && !this.find(kept);
        if (isDue) void this.#start(kept);
      }
      await sleep(LOOK_INTERVAL_MS);
    }
  }

  /** Resolves when the process is ready, has exited again, or was not ready in time; callers check for themselves. */
  async #start(kept: Kept): Promise<void> {
    if (kept.starting || this.find(kept)) return;
    kept.starting = true;
    this.restarts++;
    const ready = this.#pipeline.start(kept.name, kept.index).catch(() => undefined);
    // Detects an exit even before the process is ready.
    while (
      !this.find(kept) &&
      (await Promise.race([ready.then(() => true), sleep(LOOK_INTERVAL_MS, false)])) === false
    );
    kept.starting = false;
    await ready;
  }

  #watch(process: PipelineProcess): void {
    if (this.#watched.has(process)) return;
    this.#watched.add(process);
    void process.exited.then((exit) => {
      if (this.#stopped || this.#expected.has(process)) return;
      const { name, index, log } = process;
      this.crashes.push({ name, index, log, ...exit, atMs: Date.now() - this.#startedAtMs });
      const kept = this.#kept.get(keyOf({ name, index }));
      if (kept) kept.notBeforeMs = Math.max(kept.notBeforeMs, Date.now() + RESTART_DELAY_MS);
    });
  }
}

function keyOf({ name, index }: Slot): string {
  return `${name}-${index}`;
}
