import { DEFAULT_STACK, pipelineDirectory, stackDirectory } from "./directories.ts";
import type { ProcessName } from "./pipeline-process.ts";
import { findPipeline } from "./pipeline-record.ts";
import { findService } from "./process.ts";
import type { Service } from "./service.ts";
import { chosenServices } from "./services.ts";
import { readState, type ServiceName, type State } from "./state.ts";

export interface ServiceStatus {
  name: ServiceName | ProcessName;
  title: string;
  /** `orphaned`: a process of a pipeline whose owner was killed. */
  state: "running" | "unresponsive" | "stopped" | "orphaned";
  port?: number;
  pid?: number;
  residentBytes?: number;
  /** ISO 8601. */
  startedAt?: string;
}

/** The status of the services, and of the processes that `npm start` runs on them. */
export async function status(options: { name?: string } = {}): Promise<ServiceStatus[]> {
  const directory = stackDirectory(options.name ?? DEFAULT_STACK);
  const state = await readState(directory);
  const ofServices = await Promise.all(chosenServices(state).map((service) => statusOf(service, state, directory)));
  return [...ofServices, ...(await statusOfPipeline(directory))];
}

async function statusOf(service: Service, state: State, directory: string): Promise<ServiceStatus> {
  const { name, title } = service;
  const { ports } = state;
  const running = await findService(service, state, directory);
  const known = { name, title, ...(ports && { port: ports[name] }) };
  if (!running || !ports) return { ...known, state: "stopped" };
  const startedAt = state.processes[name]?.startedAt;
  return {
    ...known,
    state: (await service.answers(ports)) ? "running" : "unresponsive",
    pid: running.pid,
    residentBytes: running.residentBytes,
    ...(startedAt && { startedAt }),
  };
}

async function statusOfPipeline(directory: string): Promise<ServiceStatus[]> {
  const pipeline = await findPipeline(pipelineDirectory(directory));
  const state = pipeline?.ownerPid === undefined ? "orphaned" : "running";
  return (pipeline?.processes ?? []).map(({ name, index, port, pid, residentBytes, since }) => {
    return { name, title: `${name}-${index}`, state, port, pid, residentBytes, startedAt: since };
  });
}
