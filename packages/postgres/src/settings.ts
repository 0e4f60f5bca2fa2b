import { awsSettings, iamFlag, pemPath } from "@millrace/connections";
import { described, variable } from "@millrace/shared";
import { z } from "zod";

export const postgresSettings = {
  POSTGRES_HOST: described(z.string(), "Host of PostgreSQL."),
  POSTGRES_PORT: described(variable.integer(1, 65_535).default(5432), "Port of PostgreSQL."),
  POSTGRES_DATABASE: described(z.string().default("millrace"), "Database."),
  POSTGRES_USER: described(z.string().default("millrace"), "User."),
  POSTGRES_PASSWORD: z.string().optional().meta({ description: "Password.", secret: true }),
  POSTGRES_SCHEMA: described(
    z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: "a schema has lower-case letters, digits and '_' only" })
      .default("public"),
    "Schema of the table demo_log.",
  ),
  POSTGRES_POOL_MAX: described(variable.integer(1, 200).default(4), "Most connections of one process."),
  POSTGRES_TIMEOUT_MS: described(
    variable.integer(100, 600_000).default(15_000),
    "Time to connect, and for a statement.",
  ),
  POSTGRES_USE_IAM_AUTH: iamFlag("RDS", ", over TLS"),
  POSTGRES_TLS: described(variable.flag().default(false), "Connect over TLS; IAM always does."),
  POSTGRES_TLS_CA_PATH: pemPath(
    "PEM file of the authorities that the server's certificate is checked against, such as the RDS bundle; absent: the public ones.",
  ),
  POSTGRES_CONNECTION_MAX_LIFETIME_S: described(
    variable.integer(1, 86_400).default(1_800),
    "Age at which a connection is replaced, so that a revoked permission takes effect.",
  ),
  ...awsSettings,
};
export type PostgresSettings = z.output<z.ZodObject<typeof postgresSettings>>;
