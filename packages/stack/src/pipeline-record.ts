import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StackError } from "./errors.ts";
import { readJson, writeJson } from "./json-file.ts";
import { withLock } from "./lock.ts";
import { type PipelineProcess, processNames } from "./pipeline-process.ts";
import { stop } from "./process.ts";
import { findProcess, type RunningProcess } from "./process-table.ts";

/** Proves that the pid still belongs to the same process. */
const identitySchema = z.object({ pid: z.int().positive(), startedAt: z.string() });
const processSchema = identitySchema.extend({
  name: z.enum(processNames),
  index: z.int().positive(),
  port: z.int(),
  since: z.iso.datetime(),
});
const recordSchema = z.object({ owner: identitySchema, api: z.url(), processes: z.array(processSchema) });
type PipelineRecord = z.infer<typeof recordSchema>;

type OnProgress = ((line: string) => void) | undefined;

/** The living processes of the pipeline that was last started in a directory of logs. */
export interface FoundPipeline {
  /** The process that started it; absent if it was killed and could not stop the others. */
  ownerPid?: number;
  api: string;
  processes: (RunningProcess & z.infer<typeof processSchema>)[];
}

/** A directory of logs that belongs to a pipeline of this process. */
export interface Claim {
  /** Records a started process, so that it can be found if this one is killed. */
  add(launched: PipelineProcess): Promise<void>;
  release(): Promise<void>;
}

/** A directory of logs belongs to one pipeline at a time: two would overwrite each other's logs and `targets.json`. */
export function claimDirectory(logDirectory: string, api: URL, onProgress: OnProgress): Promise<Claim> {
  return withLock(logDirectory, async () => {
    await vacate(logDirectory, onProgress);
    await mkdir(logDirectory, { recursive: true });
    const owner = await findProcess(process.pid);
    if (!owner) throw new Error("this process does not find itself in the system's table");
    const { pid, startedAt } = owner;
    return claim(logDirectory, { owner: { pid, startedAt }, api: api.href, processes: [] });
  });
}

/** Refuses a directory whose pipeline has a living owner; stops the processes that a killed owner left behind. */
export async function vacate(logDirectory: string, onProgress: OnProgress): Promise<void> {
  const found = await findPipeline(logDirectory);
  if (found?.ownerPid !== undefined) {
    throw new StackError(
      `A pipeline is already running: process ${found.ownerPid}, console at ${found.api}. ` +
        `Use it, stop it with ${endedBy(found.ownerPid)}, or start another stack with --stack NAME.`,
    );
  }
  if (found) await stopLeft(found, onProgress);
}

export function endedBy(ownerPid: number): string {
  return `Ctrl-C in its terminal or \`kill ${ownerPid}\``;
}

export async function stopLeft({ processes }: FoundPipeline, onProgress: OnProgress): Promise<void> {
  await Promise.all(
    processes.map(async ({ name, index, pid }) => {
      await stop(pid, "SIGTERM");
      onProgress?.(`${name}-${index} (process ${pid}): stopped; left over from a killed start`);
    }),
  );
}

/** `undefined` if no process is alive. The record is a hint: the system decides which processes live. */
export async function findPipeline(logDirectory: string): Promise<FoundPipeline | undefined> {
  const record = await readJson(recordFile(logDirectory), recordSchema);
  if (!record) return undefined;
  const owner = await findIdentical(record.owner);
  const found = await Promise.all(
    record.processes.map(async (recorded) => {
      const running = await findIdentical(recorded);
      return running && { ...recorded, ...running };
    }),
  );
  const processes = found.filter((each) => each !== undefined);
  if (!owner && processes.length === 0) return undefined;
  return { api: record.api, processes, ...(owner && { ownerPid: owner.pid }) };
}

function claim(logDirectory: string, record: PipelineRecord): Claim {
  const file = recordFile(logDirectory);
  let released = false;
  const write = () => {
    if (!released) writeJson(file, record);
  };
  write();
  return {
    async add({ name, index, pid, port }) {
      const running = await findProcess(pid);
      if (!running) return;
      const others = record.processes.filter((each) => each.name !== name || each.index !== index);
      const { startedAt } = running;
      record.processes = [...others, { name, index, pid, port, startedAt, since: new Date().toISOString() }];
      write();
    },
    async release() {
      released = true;
      await rm(file, { force: true });
    },
  };
}

async function findIdentical({ pid, startedAt }: z.infer<typeof identitySchema>): Promise<RunningProcess | undefined> {
  const found = await findProcess(pid);
  return found?.startedAt === startedAt ? found : undefined;
}

function recordFile(logDirectory: string): string {
  return join(logDirectory, "pipeline.json");
}
