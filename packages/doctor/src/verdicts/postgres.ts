import { type Verdict, verdict } from "./verdict.ts";

export const postgresVerdicts = {
  postgres_iam_refused: verdict(
    "authentication",
    "RDS refused the IAM token.",
    "Allow rds-db:connect as below and run GRANT rds_iam TO {user}. POSTGRES_HOST and POSTGRES_PORT must be the instance's own, because the token is signed for them. Then check AWS_REGION, the key and the clock.",
  ),
  postgres_password_refused: verdict(
    "authentication",
    "PostgreSQL refused the user name or password.",
    "Check POSTGRES_USER and POSTGRES_PASSWORD. A user with rds_iam can't log in with a password: set POSTGRES_USE_IAM_AUTH=true.",
  ),
  postgres_host_refused: verdict(
    "authentication",
    "PostgreSQL accepts no connection from this host, or none without TLS.",
    "Set POSTGRES_TLS=true (RDS enforces TLS with rds.force_ssl), or allow this address in pg_hba.conf.",
  ),
  postgres_database_missing: verdict(
    "authentication",
    "The database does not exist.",
    "Create the database, or correct POSTGRES_DATABASE.",
  ),
  postgres_rds_iam_missing: verdict(
    "authorization",
    "The user may not log in with IAM.",
    "Run GRANT rds_iam TO {user}.",
  ),
  postgres_denied: verdict("authorization", "The user lacks privileges in the database.", "Run as the owner: {grants}"),
  postgres_table_missing: verdict(
    "authorization",
    "The table demo_log does not exist in POSTGRES_SCHEMA.",
    "Start the sink with POSTGRES_MIGRATE=true to create it, or correct POSTGRES_DATABASE and POSTGRES_SCHEMA.",
  ),
} as const satisfies Record<string, Verdict>;
