import type { OptionalServiceName, Ports } from "./state.ts";

/** The variables with which the processes find the services. */
export interface StackEnvironment extends Record<string, string> {
  KAFKA_BOOTSTRAP_SERVERS: string;
  OPENSEARCH_ENDPOINT: string;
  POSTGRES_HOST: string;
  POSTGRES_PORT: string;
  POSTGRES_USER: string;
  POSTGRES_PASSWORD: string;
  POSTGRES_DATABASE: string;
  REDIS_HOST: string;
  REDIS_PORT: string;
}

/** Added to them if the stack has a schema registry. */
export interface RegistryEnvironment {
  SCHEMA_REGISTRY_URL: string;
  SCHEMA_REGISTRY_USERNAME: string;
  SCHEMA_REGISTRY_PASSWORD: string;
}

/** All services listen on this address only, so the well-known password below exposes nothing to the network. */
export const HOST = "127.0.0.1";
export const POSTGRES_LOGIN = { user: "millrace", password: "millrace", database: "millrace" };
/** The second user may read schemas but not register any. */
export const REGISTRY_LOGIN = {
  user: "millrace",
  password: "millrace",
  reader: { user: "reader", password: "reader" },
};

export function environmentOf(ports: Ports, optional: readonly OptionalServiceName[]): StackEnvironment {
  return {
    KAFKA_BOOTSTRAP_SERVERS: `${HOST}:${ports.kafka}`,
    OPENSEARCH_ENDPOINT: `http://${HOST}:${ports.opensearch}`,
    POSTGRES_HOST: HOST,
    POSTGRES_PORT: String(ports.postgres),
    POSTGRES_USER: POSTGRES_LOGIN.user,
    POSTGRES_PASSWORD: POSTGRES_LOGIN.password,
    POSTGRES_DATABASE: POSTGRES_LOGIN.database,
    REDIS_HOST: HOST,
    REDIS_PORT: String(ports.redis),
    ...(optional.includes("registry") && registryEnvironment(ports)),
  };
}

function registryEnvironment(ports: Ports): RegistryEnvironment {
  return {
    SCHEMA_REGISTRY_URL: `http://${HOST}:${ports.registry}/apis/ccompat/v7`,
    SCHEMA_REGISTRY_USERNAME: REGISTRY_LOGIN.user,
    SCHEMA_REGISTRY_PASSWORD: REGISTRY_LOGIN.password,
  };
}

export function withoutRegistry({
  SCHEMA_REGISTRY_URL: _url,
  SCHEMA_REGISTRY_USERNAME: _username,
  SCHEMA_REGISTRY_PASSWORD: _password,
  ...environment
}: StackEnvironment): StackEnvironment {
  return environment as StackEnvironment;
}

export function environmentLines(environment: StackEnvironment): string {
  return Object.entries(environment)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}
