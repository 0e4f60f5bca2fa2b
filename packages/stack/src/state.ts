import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readJson, writeJson } from "./json-file.ts";

/** The services of every stack, and those that `--with` adds. */
export const coreServiceNames = ["kafka", "opensearch", "postgres", "redis"] as const;
export const optionalServiceNames = ["registry"] as const;
export const serviceNames = [...coreServiceNames, ...optionalServiceNames] as const;
export type OptionalServiceName = (typeof optionalServiceNames)[number];
export type ServiceName = (typeof serviceNames)[number];

const port = z.int().min(1).max(65_535);
/**
 * In addition to the services' own ports: Kafka's controller, OpenSearch's transport and the registry's management.
 */
const portsSchema = z.object({
  kafka: port,
  kafkaController: port,
  opensearch: port,
  opensearchTransport: port,
  postgres: port,
  redis: port,
  // 0 for a stack that is older than the registry: its port is chosen at the next start.
  registry: port.default(0),
  registryManagement: port.default(0),
});
const processSchema = z.object({ pid: z.int().positive(), startedAt: z.iso.datetime() });

const stateSchema = z.object({
  ports: portsSchema.optional(),
  /** The optional services. */
  with: z.array(z.enum(optionalServiceNames)).default([]),
  processes: z.partialRecord(z.enum(serviceNames), processSchema),
  /** Who started the stack: one that a lease started stops with the last lease. */
  broughtUpBy: z.enum(["user", "lease"]).optional(),
});

export type Ports = z.infer<typeof portsSchema>;
export type State = z.infer<typeof stateSchema>;

/** The state is a hint: the system decides whether a process lives. An unreadable file therefore counts as none. */
export async function readState(directory: string): Promise<State> {
  return (await readJson(stateFile(directory), stateSchema)) ?? { processes: {}, with: [] };
}

export function writeState(directory: string, state: State): void {
  mkdirSync(directory, { recursive: true });
  writeJson(stateFile(directory), state);
}

function stateFile(directory: string): string {
  return join(directory, "stack.json");
}
