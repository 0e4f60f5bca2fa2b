/** A key of AWS; temporary ones have a session token and an end. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

/**
 * Called before each signature, so whoever signs never holds on to a key that has ended. `forceRefresh` asks for a key
 * other than the one that is kept.
 */
export type AwsCredentialsProvider = (options?: { forceRefresh?: boolean }) => Promise<AwsCredentials>;

/** A key that ends sooner is not signed with: what it signs must still reach the server and be checked there. */
const REMAINING_MIN_MS = 2_000;

/**
 * The default provider chain of the SDK, one for the process: environment variables, shared configuration files, IRSA
 * (a web identity token that EKS mounts into the pod), EKS Pod Identity (its agent's endpoint), ECS, and EC2.
 *
 * The chain keeps the key and fetches another one five minutes before that ends. All callers share it, so that STS is
 * asked once, however many connections there are.
 *
 * @param sessionName The STS session's name under IRSA. The SDK's own default holds the time of day, thus changes with
 *   every refresh. MSK's principal is `arn:aws:sts::ACCOUNT_ID:assumed-role/ROLE/SESSION_NAME`, and Kafka closes a
 *   connection whose principal changes when it authenticates again (KIP-368): the name must be fixed.
 */
export function awsCredentials(sessionName: string): AwsCredentialsProvider {
  const known = chains.get(sessionName);
  if (known) return known;
  let chain: AwsCredentialsProvider | undefined;
  const ask = async (forceRefresh: boolean): Promise<AwsCredentials> => {
    // The chain takes 12 MB of memory: only who asks for a key loads it.
    const { fromNodeProviderChain } = await import("@aws-sdk/credential-providers");
    chain ??= fromNodeProviderChain({ roleSessionName: sessionName });
    return chain({ forceRefresh });
  };
  const provider = counted(unexpired(ask));
  chains.set(sessionName, provider);
  return provider;
}

const chains = new Map<string, AwsCredentialsProvider>();

/** What came of asking for keys, over the whole process. */
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
 * Refuses a key that has ended. Where STS is away, the chain may hand out the last key beyond its end; what it signs
 * would be refused by the server with a message about the signature, which leads people astray.
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
    // Where this clock is ahead by more than a key's life, even a fresh one looks as if it had ended.
    const thisClock = `this machine's clock says ${new Date(now()).toISOString()}; synchronise it if it is wrong`;
    throw new Error(
      `the AWS credentials ended at ${fresh.expiration?.toISOString()} and no new ones were given (${thisClock})`,
    );
  };
}
