import type { Signer } from "@aws-sdk/rds-signer";
import type { AwsCredentialsProvider } from "@millrace/connections";

/**
 * Passwords for PostgreSQL on RDS and Aurora, by IAM; for pg's `password`, which may be a function.
 *
 * The password is a presigned URL without its scheme, `HOST:PORT/?Action=connect&DBUser=USER&…`, signed on this machine
 * and valid for 15 minutes. RDS looks at it while the connection is made and never again: a connection lives on when
 * its token has expired. So pg asks for a fresh one for each new connection, and none is kept. The signer asks for
 * another key where the one at hand ends within these 15 minutes, so that no token outlives what signed it.
 *
 * Host and port are a part of what is signed: they must be the instance's own, not those of a tunnel or a DNS alias.
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
    // The SDK's signer takes 20 MB of memory: only who connects by IAM loads it.
    const { Signer } = await import("@aws-sdk/rds-signer");
    signer ??= new Signer({ hostname, port, username, region, credentials });
    return signer.getAuthToken();
  };
}
