import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KnownKey } from "./signature-v4.ts";

/** A temporary key as the agent issues it. */
export type IssuedKey = Required<KnownKey>;

export interface PodIdentityAgent extends AsyncDisposable {
  /** The variables that EKS sets in a pod, so that the SDK's default chain asks only this agent. */
  environment: Record<string, string>;
  /** What a caller must send; a secret. */
  authorization: string;
  /** Every issued key, oldest first. The verifying servers read them here. */
  issued: readonly IssuedKey[];
  /** Requests refused because they lacked the pod's token. */
  refusals: number;
}

/**
 * Issues keys as the agent of EKS Pod Identity does, to callers that send the token in the pod's file. The real agent
 * answers at a link-local address, which the SDK allows beside loopback. Callers share a key until half of its lifetime
 * is over.
 *
 * @param beforeIssue passes all keys to a server before any caller has the last one
 */
export async function startPodIdentityAgent(
  lifetimeMs: number,
  beforeIssue: (keys: readonly IssuedKey[]) => Promise<void> = async () => undefined,
): Promise<PodIdentityAgent> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-pod-identity-"));
  const tokenFile = join(directory, "token");
  const authorization = randomBytes(24).toString("base64url");
  await writeFile(tokenFile, authorization);
  const issued: IssuedKey[] = [];
  const currentKey = keyIssuer(lifetimeMs, issued, beforeIssue);
  const agent = { issued, authorization, refusals: 0 };
  const server = createServer(async (request, response) => {
    if (request.headers.authorization !== authorization) {
      agent.refusals++;
      response.writeHead(401).end("Unauthorized");
      return;
    }
    response.writeHead(200, { "content-type": "application/json" }).end(answerBody(await currentKey()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(agent, {
    environment: environmentOf((server.address() as AddressInfo).port, tokenFile, directory),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  });
}

/** Returns the last key until half of its lifetime is over, then a new one, which concurrent callers share. */
function keyIssuer(
  lifetimeMs: number,
  issued: IssuedKey[],
  beforeIssue: (keys: readonly IssuedKey[]) => Promise<void>,
): () => Promise<IssuedKey> | IssuedKey {
  let issuing: Promise<IssuedKey> | undefined;
  const issue = async (): Promise<IssuedKey> => {
    const key = newKey(lifetimeMs);
    issued.push(key);
    await beforeIssue(issued);
    return key;
  };
  return () => {
    const last = issued.at(-1);
    if (!issuing && last && last.expiresAtMs - Date.now() > lifetimeMs / 2) return last;
    issuing ??= issue().finally(() => {
      issuing = undefined;
    });
    return issuing;
  };
}

function newKey(lifetimeMs: number): IssuedKey {
  return {
    accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString("base64"),
    sessionToken: randomBytes(60).toString("base64"),
    // In whole seconds, as AWS reports them.
    expiresAtMs: Math.floor((Date.now() + lifetimeMs) / 1_000) * 1_000,
  };
}

function answerBody({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: IssuedKey): string {
  return JSON.stringify({
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: new Date(expiresAtMs).toISOString(),
  });
}

function environmentOf(port: number, tokenFile: string, directory: string): Record<string, string> {
  return {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    // Credentials of the machine would take precedence in the chain.
    AWS_ACCESS_KEY_ID: "",
    AWS_SECRET_ACCESS_KEY: "",
    AWS_PROFILE: "",
    AWS_WEB_IDENTITY_TOKEN_FILE: "",
    AWS_CONFIG_FILE: join(directory, "none"),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, "none"),
  };
}
