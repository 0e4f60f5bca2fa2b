import type { Signer } from "@aws-sdk/rds-signer";
import type { AwsCredentialsProvider } from "@millrace/connections";

/**
 * Passwords for PostgreSQL on RDS and Aurora, by IAM; for pg's `password`, which may be a function.
 *
 * The password is a presigned URL without its scheme, `HOST:PORT/?Action=connect&DBUser=USER&…`, signed on this machine
 * and valid for 15 minutes. RDS checks it only while a connection is opened: the connection lives on when its token has
 * expired. So pg requests a fresh token for each new connection, and none is kept. The signer fetches another key if the
 * current one expires within these 15 minutes, so that no token outlives its key.
 *
 * The signature covers host and port: they must be the instance's own, not those of a tunnel or a DNS alias.
 * The database user needs `GRANT rds_iam TO <user>`, the role `rds-db:connect` on that user, and the connection TLS.
 */
export function rdsPassword(
  database: { host: string; port: number; user: string },
  region: string,
  credentials: AwsCredentialsProvider,
): () => Promise<string> {
  const { host: hostname, port, user: username } = database;
  let signer: Signer | undefined;
  return async () => {
    // The SDK's signer takes 20 MB of memory: only a process that connects by IAM loads it.
    const { Signer } = await import("@aws-sdk/rds-signer");
    signer ??= new Signer({ hostname, port, username, region, credentials });
    return signer.getAuthToken();
  };
}
