import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** Those that every stack has, and those that it has by `--with` alone. */
export const coreServiceNames = ["kafka", "opensearch", "postgres", "redis"] as const;
export const optionalServiceNames = ["registry"] as const;
export const serviceNames = [...coreServiceNames, ...optionalServiceNames] as const;
export type OptionalServiceName = (typeof optionalServiceNames)[number];
export type ServiceName = (typeof serviceNames)[number];

const port = z.int().min(1).max(65_535);
/** Beside the services' own ports, Kafka's controller, OpenSearch's transport and the registry's management need one each. */
const portsSchema = z.object({
  kafka: port,
  kafkaController: port,
  opensearch: port,
  opensearchTransport: port,
  postgres: port,
  redis: port,
  // 0, which is no port, for a stack from before there was one: chosen at its next start.
  registry: port.default(0),
  registryManagement: port.default(0),
});
const processSchema = z.object({ pid: z.int().positive(), startedAt: z.iso.datetime() });

const stateSchema = z.object({
  ports: portsSchema.optional(),
  /** What runs beside the core. */
  with: z.array(z.enum(optionalServiceNames)).default([]),
  processes: z.partialRecord(z.enum(serviceNames), processSchema),
  /** Who brought the stack up: one that a lease brought up goes down with the last lease. */
  broughtUpBy: z.enum(["user", "lease"]).optional(),
});

export type Ports = z.infer<typeof portsSchema>;
export type State = z.infer<typeof stateSchema>;

/** The state is a hint: whether a process still lives is asked of the system. So an unreadable file counts as none. */
export async function readState(directory: string): Promise<State> {
  try {
    return stateSchema.parse(JSON.parse(await readFile(stateFile(directory), "utf8")));
  } catch {
    return { processes: {}, with: [] };
  }
}

/**
 * Written aside and renamed, so that a reader without the lock (`status`, `env`) never sees half a file. Synchronous,
 * so that of services which start at the same time none writes an older state over a newer one.
 */
export function writeState(directory: string, state: State): void {
  mkdirSync(directory, { recursive: true });
  const draft = `${stateFile(directory)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(state, undefined, 2)}\n`);
  renameSync(draft, stateFile(directory));
}

function stateFile(directory: string): string {
  return join(directory, "stack.json");
}
