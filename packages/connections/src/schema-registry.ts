import { type IncomingMessage, request } from "node:http";
import { Agent, request as secureRequest } from "node:https";
import { variable } from "@millrace/shared";
import { z } from "zod";
import { tlsOptions } from "./tls.ts";

/** For processes that read or write values with schemas in a registry. */
export const schemaRegistrySettings = {
  SCHEMA_REGISTRY_URL: variable.url().optional().meta({
    description: "URL of a Confluent-compatible schema registry; absent: values are plain text or JSON.",
  }),
  SCHEMA_REGISTRY_USERNAME: z.string().optional().meta({ description: "User, where the registry asks for one." }),
  SCHEMA_REGISTRY_PASSWORD: z.string().optional().meta({ description: "Password of that user.", secret: true }),
  SCHEMA_REGISTRY_TLS_CA_PATH: z.string().optional().meta({
    description:
      "PEM file of the authorities that the registry's certificate is checked against; absent: the public ones.",
  }),
  SCHEMA_REGISTRY_TIMEOUT_MS: variable
    .integer(100, 600_000)
    .default(10_000)
    .meta({ description: "Time for the registry to answer a request." }),
  SCHEMA_REGISTRY_CACHE_MAX: variable
    .integer(1, 100_000)
    .default(1_000)
    .meta({ description: "Most schemas that are kept in memory; the least recently used one is fetched again." }),
};
export type SchemaRegistrySettings = z.output<z.ZodObject<typeof schemaRegistrySettings>>;

type AddressSettings = Pick<
  SchemaRegistrySettings,
  "SCHEMA_REGISTRY_USERNAME" | "SCHEMA_REGISTRY_PASSWORD" | "SCHEMA_REGISTRY_TLS_CA_PATH"
> & { SCHEMA_REGISTRY_URL: string };

/** The address of a registry, and the credentials for it. */
export interface RegistryAddress {
  url: string;
  auth?: { username: string; password: string };
  /** For an https URL only. */
  agent?: Agent;
}

export function registryAddress(settings: AddressSettings): RegistryAddress {
  const { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_TLS_CA_PATH: path } = settings;
  const tls = tlsOptions({ ca: { variable: "SCHEMA_REGISTRY_TLS_CA_PATH", path } });
  return {
    url,
    ...(username !== undefined && { auth: { username, password: settings.SCHEMA_REGISTRY_PASSWORD ?? "" } }),
    ...(url.startsWith("https:") && { agent: new Agent({ keepAlive: true, ...tls }) }),
  };
}

export interface RegistryAnswer {
  status: number;
  /** Only its beginning, if it is long. */
  body: string;
}

/** The beginning of an answer is enough to recognise it; a registry's list of subjects may be of any length. */
const ANSWER_MAX_LENGTH = 65_536;

/** Resolves with any answer, whatever its status; rejects if none comes. */
export async function askRegistry(
  { url, auth, agent }: RegistryAddress,
  path: string,
  signal: AbortSignal,
): Promise<RegistryAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = agent ? secureRequest : request;
  const options = {
    ...(agent && { agent }),
    ...(auth && { auth: `${auth.username}:${auth.password}` }),
    headers: { accept: "application/json" },
    signal,
  };
  send(`${url}${path}`, options, resolve).on("error", reject).end();
  const answer = (await promise).setEncoding("utf8");
  let body = "";
  for await (const part of answer) {
    body += part;
    if (body.length > ANSWER_MAX_LENGTH) break;
  }
  return { status: answer.statusCode ?? 0, body };
}

/** The formats that a registry supports. Every Confluent-compatible registry has this list, and no other server. */
export const SCHEMA_TYPES_PATH = "/schemas/types";

export function isListOfSchemaTypes({ status, body }: RegistryAnswer): boolean {
  return status === 200 && /^\s*\[.*"AVRO"/s.test(body);
}
