import type { SecretsManagerClientConfig } from "@aws-sdk/client-secrets-manager";
import { type RetryableFault, retryable } from "@millrace/shared";
import { clockSkewOfMessageMs, describeClockSkew } from "./clock.ts";
import type { AwsCredentialsProvider } from "./credentials.ts";

export interface SecretLocation {
  /** `arn:aws:secretsmanager:REGION:ACCOUNT_ID:secret:NAME-XXXXXX` */
  arn: string;
  /** The field of a secret that is a JSON object, as AWS's console makes them; absent: the secret is plain text. */
  field?: string | undefined;
}

/** Reads the current secret. Every failure is retryable: a permission may be granted, a secret written, an outage end. */
export type SecretReader = (signal: AbortSignal) => Promise<{ value: string } | { fault: RetryableFault }>;

/**
 * Reads one secret from AWS Secrets Manager. The role needs `secretsmanager:GetSecretValue` on the secret, and `kms:Decrypt`
 * on its key unless AWS manages that.
 *
 * The region comes from the ARN, not from `AWS_REGION`. It reads the version with the staging label `AWSCURRENT`; a rotation
 * moves that label to the new version at its end. The SDK's variable `AWS_ENDPOINT_URL_SECRETS_MANAGER` sends the requests
 * to another endpoint, such as a VPC endpoint or a test's server.
 */
export async function openSecret(
  { arn, field }: SecretLocation,
  credentials: AwsCredentialsProvider,
  timeoutMs: number,
): Promise<SecretReader> {
  // The SDK's client takes memory and time to load: only a process with a secret loads it.
  const { GetSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  const config: SecretsManagerClientConfig = {
    region: regionOf(arn),
    credentials: () => credentials(),
    maxAttempts: 1,
  };
  const client = new SecretsManagerClient(config);
  return async (signal) => {
    try {
      const bounded = { abortSignal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) };
      const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: arn }), bounded);
      return readField(text ?? "", field);
    } catch (error) {
      const what = `the secret can't be read${remedyOf(error)}`;
      return { fault: retryable("unavailable", new Error(what, { cause: error })) };
    }
  };
}

function regionOf(arn: string): string {
  return arn.split(":")[3] ?? "";
}

/** No part of the secret appears in an error, not even if it is not JSON. */
function readField(text: string, field: string | undefined): { value: string } | { fault: RetryableFault } {
  if (field === undefined) {
    if (text.trim() === "") return wrong("it is empty, or binary");
    if (text.trimStart().startsWith("{")) return wrong("it is a JSON object: name the field to use");
    return { value: text.trim() };
  }
  const value = fieldOf(text, field);
  return value ? { value } : wrong(`it is not a JSON object with a string in the field ${field}`);
}

function fieldOf(text: string, field: string): string | undefined {
  try {
    const value: unknown = (JSON.parse(text) as Record<string, unknown> | null)?.[field];
    return typeof value === "string" ? value.trim() : undefined;
  } catch {
    return undefined;
  }
}

function wrong(what: string): { fault: RetryableFault } {
  return { fault: retryable("misconfigured", `the secret can't be used: ${what}`) };
}

function remedyOf(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: "", message: "" };
  if (name === "AccessDeniedException") return ": the role lacks secretsmanager:GetSecretValue on it";
  if (name === "ResourceNotFoundException") return ": its region has no secret with this ARN";
  // The SDK signs by the server's clock from then on, so the next attempt may succeed; the clock is still worth a message.
  const skew = describeClockSkew(clockSkewOfMessageMs(message));
  return skew ? `: ${skew}` : "";
}
