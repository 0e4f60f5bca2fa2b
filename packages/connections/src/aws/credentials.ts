/** A key of AWS; temporary ones have a session token and an end. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/** Called before each signature, so that no expired key is used. `forceRefresh` fetches a new key instead of the cached one. */
export type AwsCredentialsProvider = (options?: { forceRefresh?: boolean }) => Promise<AwsCredentials>;

/** A key that expires sooner signs nothing: the signature must still reach the server and be checked there. */
const REMAINING_MIN_MS = 2_000;

/**
 * The default provider chain of the SDK, one for the process: environment variables, shared configuration files, IRSA
 * (a web identity token that EKS mounts into the pod), EKS Pod Identity (its agent's endpoint), ECS, and EC2.
 *
 * The chain caches the key and fetches another one five minutes before it expires. All callers share the chain, so it sends
 * one request to STS for any number of connections.
 *
 * @param sessionName The STS session's name under IRSA. The SDK's default contains the time of day and so changes with every
 *   refresh. MSK's principal is `arn:aws:sts::ACCOUNT_ID:assumed-role/ROLE/SESSION_NAME`, and Kafka closes a connection
 *   whose principal changes when it authenticates again (KIP-368): the name must be fixed.
 */
export function awsCredentials(sessionName: string): AwsCredentialsProvider {
  const known = chains.get(sessionName);
  if (known) return known;
  let chain: AwsCredentialsProvider | undefined;
  const ask = async (forceRefresh: boolean): Promise<AwsCredentials> => {
    // The chain takes 12 MB of memory: only a process that needs a key loads it.
    const { fromNodeProviderChain } = await import("@aws-sdk/credential-providers");
    chain ??= fromNodeProviderChain({ roleSessionName: sessionName });
    return chain({ forceRefresh });
  };
  const provider = counted(unexpired(ask));
  chains.set(sessionName, provider);
  return provider;
}

const chains = new Map<string, AwsCredentialsProvider>();

/** The outcomes of all requests for keys in this process. */
export const credentialsUse = { provided: 0, failed: 0, expiresAtMs: 0 };

function counted(provide: AwsCredentialsProvider): AwsCredentialsProvider {
  return async (options) => {
    try {
      const credentials = await provide(options);
      credentialsUse.provided++;
      credentialsUse.expiresAtMs = credentials.expiration?.getTime() ?? 0;
      return credentials;
    } catch (error) {
      credentialsUse.failed++;
      throw error;
    }
  };
}

/**
 * Rejects instead of returning an expired key. While STS is away, the chain may return the last key after it expired; the
 * server would refuse its signatures with an error about the signature, which is misleading.
 */
export function unexpired(
  provide: (forceRefresh: boolean) => Promise<AwsCredentials>,
  now: () => number = Date.now,
): AwsCredentialsProvider {
  const hasEnded = ({ expiration }: AwsCredentials): boolean =>
    expiration !== undefined && expiration.getTime() - now() < REMAINING_MIN_MS;
  return async ({ forceRefresh = false } = {}) => {
    const kept = await provide(forceRefresh);
    if (!hasEnded(kept)) return kept;
    const fresh = await provide(true);
    if (!hasEnded(fresh)) return fresh;
    // If this clock is ahead by more than a key's lifetime, even a fresh key looks expired.
    const thisClock = `this machine's clock says ${new Date(now()).toISOString()}; synchronise it if it is wrong`;
    throw new Error(
      `the AWS credentials expired at ${fresh.expiration?.toISOString()} and there are no new ones (${thisClock})`,
    );
  };
}
