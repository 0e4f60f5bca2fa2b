import type { SecretsManagerClientConfig } from "@aws-sdk/client-secrets-manager";
import { type RetryableFault, retryable } from "@millrace/shared";
import { clockSkewOfMessageMs, describeClockSkew } from "./clock.ts";
import type { AwsCredentialsProvider } from "./credentials.ts";

export interface SecretLocation {
  /** `arn:aws:secretsmanager:REGION:ACCOUNT_ID:secret:NAME-XXXXXX` */
  arn: string;
  /** The field of a secret that is a JSON object, as the console makes them; absent: the secret is the text itself. */
  field?: string | undefined;
}

/** Reads a secret as it is now. Whatever goes wrong may heal: a permission is given, a secret is written, an outage ends. */
export type SecretReader = (signal: AbortSignal) => Promise<{ value: string } | { fault: RetryableFault }>;

/**
 * Reads one secret from AWS Secrets Manager; its role needs `secretsmanager:GetSecretValue` on it, and `kms:Decrypt` on
 * its key where that is not AWS's own.
 *
 * It is asked where the secret is: the region comes from the ARN and not from `AWS_REGION`. What is read is the version
 * with the staging label `AWSCURRENT`, to which a rotation moves that label when it is done. The SDK's own variable
 * `AWS_ENDPOINT_URL_SECRETS_MANAGER` sends the requests elsewhere, to a VPC endpoint or to a test's server.
 */
export async function openSecret(
  { arn, field }: SecretLocation,
  credentials: AwsCredentialsProvider,
  timeoutMs: number,
): Promise<SecretReader> {
  // The SDK's client costs memory and time to load: only who has a secret does.
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

/** None of the secret is repeated: not even of one that is no JSON. */
function readField(text: string, field: string | undefined): { value: string } | { fault: RetryableFault } {
  if (field === undefined) {
    if (text.trim() === "") return wrong("it is empty, or binary");
    if (text.trimStart().startsWith("{")) return wrong("it is a JSON object: name the field that is meant");
    return { value: text.trim() };
  }
  const value = fieldOf(text, field);
  return value ? { value } : wrong(`it is no JSON object with a text in the field ${field}`);
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
  if (name === "AccessDeniedException") return ", for the role lacks secretsmanager:GetSecretValue on it";
  if (name === "ResourceNotFoundException") return ", for there is none of this ARN in its region";
  // The SDK signs by the server's clock from then on: the next attempt may succeed, and people should know all the same.
  const skew = describeClockSkew(clockSkewOfMessageMs(message));
  return skew ? `, for ${skew}` : "";
}
