import type { CheckFailure } from "../report.ts";
import type { DatabaseSession, ExaminedPostgres } from "../stores.ts";

interface Rights {
  table: boolean;
  select: boolean;
  insert: boolean;
  update: boolean;
  create: boolean;
  /** null if the role `rds_iam` does not exist, as outside RDS. */
  rds_iam: boolean | null;
}

export async function readRights(client: DatabaseSession, schema: string): Promise<Rights> {
  const { rows } = await client.query(
    `SELECT to_regclass($1) IS NOT NULL AS table,
      coalesce(has_table_privilege(to_regclass($1), 'SELECT'), false) AS select,
      coalesce(has_table_privilege(to_regclass($1), 'INSERT'), false) AS insert,
      coalesce(has_table_privilege(to_regclass($1), 'UPDATE'), false) AS update,
      coalesce(has_schema_privilege((SELECT oid FROM pg_namespace WHERE nspname = $2), 'CREATE'),
        has_database_privilege(current_database(), 'CREATE')) AS create,
      (SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = 'rds_iam') AS rds_iam`,
    [`${schema}.demo_log`, schema],
  );
  const [rights] = rows;
  if (!rights) throw new Error("the query for privileges returned no row");
  return rights as unknown as Rights;
}

export function lacking(rights: Rights, settings: ExaminedPostgres, writes: boolean): string | CheckFailure {
  const { POSTGRES_SCHEMA: schema, POSTGRES_USER: user } = settings;
  if (settings.POSTGRES_USE_IAM_AUTH && rights.rds_iam === false) {
    return { code: "postgres_rds_iam_missing", said: `${user} is not a member of rds_iam`, names: { user } };
  }
  if (!rights.table) return withoutTable(rights, schema, user, writes && settings.POSTGRES_MIGRATE !== false);
  const wanted = writes ? (["select", "insert", "update"] as const) : (["select"] as const);
  const missing = wanted.filter((right) => !rights[right]).map((right) => right.toUpperCase());
  if (missing.length === 0) return `${wanted.join(", ")} on ${schema}.demo_log`;
  const grants = `GRANT ${missing.join(", ")} ON ${schema}.demo_log TO ${user};`;
  return {
    code: "postgres_denied",
    said: `${missing.join(", ")} on ${schema}.demo_log is not granted`,
    names: { grants },
  };
}

function withoutTable({ create }: Rights, schema: string, user: string, makes: boolean): string | CheckFailure {
  if (!makes) return { code: "postgres_table_missing", said: `${schema}.demo_log does not exist` };
  if (create) return `${schema}.demo_log can be created`;
  const said = `${schema}.demo_log does not exist, and CREATE on ${schema} is not granted`;
  return { code: "postgres_denied", said, names: { grants: `GRANT CREATE ON SCHEMA ${schema} TO ${user};` } };
}
