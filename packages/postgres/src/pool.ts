import { type AwsCredentialsProvider, awsCredentials, tlsOptions } from "@millrace/connections";
import type { Patience } from "@millrace/shared";
import { requireSetting } from "@millrace/shared";
import { Pool } from "pg";
import { rdsPassword } from "./rds-password.ts";
import type { PostgresSettings } from "./settings.ts";

export type { Pool, PoolClient } from "pg";

/**
 * A pool whose tables are looked up in `POSTGRES_SCHEMA`. It connects with the first query.
 *
 * @param credentials sign the tokens under IAM; absent: the default provider chain
 */
export function openPostgres(
  settings: PostgresSettings,
  { health }: Patience,
  credentials?: AwsCredentialsProvider,
): Pool {
  health.starting("postgres");
  const pool = new Pool({
    host: settings.POSTGRES_HOST,
    port: settings.POSTGRES_PORT,
    database: settings.POSTGRES_DATABASE,
    user: settings.POSTGRES_USER,
    ...identity(settings, credentials),
    max: settings.POSTGRES_POOL_MAX,
    // After a permission is revoked, a connection lives no longer than this.
    maxLifetimeSeconds: settings.POSTGRES_CONNECTION_MAX_LIFETIME_S,
    connectionTimeoutMillis: settings.POSTGRES_TIMEOUT_MS,
    statement_timeout: settings.POSTGRES_TIMEOUT_MS,
    query_timeout: settings.POSTGRES_TIMEOUT_MS,
    keepAlive: true,
    application_name: "millrace",
    options: `-c search_path=${settings.POSTGRES_SCHEMA}`,
  });
  // The pool replaces an idle connection that breaks; without a listener its error would end the process.
  pool.on("error", () => undefined);
  return pool;
}

function identity(settings: PostgresSettings, credentials?: AwsCredentialsProvider) {
  const iam = settings.POSTGRES_USE_IAM_AUTH;
  const ca = { variable: "POSTGRES_TLS_CA_PATH", path: settings.POSTGRES_TLS_CA_PATH };
  return {
    // The token is sent in the clear, as the password: without TLS and a checked certificate, others could read it.
    ...((iam || settings.POSTGRES_TLS) && { ssl: tlsOptions({ ca }) }),
    ...(!iam && settings.POSTGRES_PASSWORD && { password: settings.POSTGRES_PASSWORD }),
    ...(iam && { password: iamPassword(settings, credentials) }),
  };
}

function iamPassword(settings: PostgresSettings, credentials?: AwsCredentialsProvider): () => Promise<string> {
  const database = { host: settings.POSTGRES_HOST, port: settings.POSTGRES_PORT, user: settings.POSTGRES_USER };
  const provider = credentials ?? awsCredentials(settings.AWS_ROLE_SESSION_NAME);
  return rdsPassword(database, requireSetting(settings, "AWS_REGION"), provider);
}
