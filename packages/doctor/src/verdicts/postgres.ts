import { type Verdict, verdict } from "./verdict.ts";

export const postgresVerdicts = {
  postgres_iam_refused: verdict(
    "authentication",
    "RDS refused the IAM token.",
    "Allow rds-db:connect as below and run GRANT rds_iam TO {user}. POSTGRES_HOST and POSTGRES_PORT must be the instance's own, since they are signed; then check AWS_REGION, the key and the clock.",
  ),
  postgres_password_refused: verdict(
    "authentication",
    "PostgreSQL refused the user or the password.",
    "Check POSTGRES_USER and POSTGRES_PASSWORD. A user with rds_iam takes no password: set POSTGRES_USE_IAM_AUTH=true.",
  ),
  postgres_host_refused: verdict(
    "authentication",
    "PostgreSQL takes nobody from here, or not without TLS.",
    "Set POSTGRES_TLS=true (RDS forces TLS by rds.force_ssl), or allow this address in pg_hba.conf.",
  ),
  postgres_database_missing: verdict(
    "authentication",
    "The database does not exist.",
    "Create it, or correct POSTGRES_DATABASE.",
  ),
  postgres_rds_iam_missing: verdict("authorization", "The user may not log in by IAM.", "Run GRANT rds_iam TO {user}."),
  postgres_denied: verdict("authorization", "The user lacks rights in the database.", "Run as the owner: {grants}"),
  postgres_table_missing: verdict(
    "authorization",
    "The table demo_log does not exist in POSTGRES_SCHEMA.",
    "Start the sink with POSTGRES_MIGRATE=true, which makes it, or correct POSTGRES_DATABASE and POSTGRES_SCHEMA.",
  ),
} as const satisfies Record<string, Verdict>;
