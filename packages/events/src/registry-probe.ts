import { request } from "node:http";
import { type Agent, request as secureRequest } from "node:https";
import { text } from "node:stream/consumers";

/** Where a registry is, and how it knows us. */
export interface RegistryAddress {
  url: string;
  auth?: { username: string; password: string };
  agent?: Agent;
  timeoutMs: number;
}

/**
 * Whether a Confluent-compatible registry answers at the address at all, by the list of schema types that each has.
 * Rejects where nothing answers.
 */
export async function isSchemaRegistry({ url, auth, agent, timeoutMs }: RegistryAddress): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const send = agent ? secureRequest : request;
  const asking = send(
    `${url}/schemas/types`,
    {
      ...(agent && { agent }),
      ...(auth && { auth: `${auth.username}:${auth.password}` }),
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
    },
    (answer) => {
      text(answer).then((body) => resolve(answer.statusCode === 200 && /^\s*\[.*"AVRO"/s.test(body)), reject);
    },
  );
  asking.on("error", reject);
  asking.end();
  return promise;
}
