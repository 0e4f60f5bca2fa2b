import { StackError } from "./errors.ts";
import { findService } from "./process.ts";
import type { Service } from "./service.ts";
import { kafka } from "./services/kafka.ts";
import { opensearch } from "./services/opensearch.ts";
import { postgres } from "./services/postgres.ts";
import { redis } from "./services/redis.ts";
import { registry } from "./services/registry.ts";
import { optionalServiceNames, type ServiceName, type State } from "./state.ts";

export const services: readonly Service[] = [kafka, opensearch, postgres, redis, registry];

export function chosenServices(state: State): Service[] {
  const isOptional = (name: ServiceName) => optionalServiceNames.some((optional) => optional === name);
  return services.filter(({ name }) => !isOptional(name) || state.with.some((optional) => optional === name));
}

export async function runningServices(state: State, directory: string): Promise<Service[]> {
  const found = await Promise.all(services.map((service) => findService(service, state, directory)));
  return services.filter((_, index) => found[index] !== undefined);
}

export function serviceNamed(name: ServiceName): Service {
  const found = services.find((service) => service.name === name);
  if (!found)
    throw new StackError(`Unknown service "${name}": choose one of ${services.map((it) => it.name).join(", ")}.`);
  return found;
}
