import { once } from "node:events";
import type { Socket } from "node:net";
import type { AwsCredentialsProvider } from "@millrace/connections";
import { tlsOptions } from "@millrace/connections";
import type { openPostgres, PoolClient, PostgresSettings } from "@millrace/postgres";
import { describeCause, quietly } from "@millrace/shared";
import type { Check, Examination } from "./check.ts";
import { databaseNeed } from "./needs.ts";
import { networkChecks } from "./network.ts";
import type { Failure } from "./report.ts";

/** `POSTGRES_MIGRATE` where the process makes its table. */
type Settings = PostgresSettings & { POSTGRES_MIGRATE?: boolean };

/** https://www.postgresql.org/docs/18/protocol-message-formats.html: SSLRequest, answered by one byte, S or N. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * The row is written in a transaction that is rolled back.
 *
 * @param open opens the pool: only processes that have PostgreSQL load its client
 * @param writes the sink writes demo_log and makes it; the api reads it only
 */
export function examinePostgres(
  settings: Settings,
  open: typeof openPostgres,
  { writes, credentials }: { writes: boolean; credentials?: AwsCredentialsProvider | undefined },
): Examination {
  const { POSTGRES_HOST: host, POSTGRES_PORT: port, POSTGRES_USER: user, POSTGRES_SCHEMA: schema } = settings;
  const ca = { variable: "POSTGRES_TLS_CA_PATH", path: settings.POSTGRES_TLS_CA_PATH };
  const usesTls = settings.POSTGRES_USE_IAM_AUTH || settings.POSTGRES_TLS;
  const pool = open({ ...settings, POSTGRES_POOL_MAX: 1 }, quietly(), credentials);
  let client: PoolClient | undefined;
  let broken: Error | undefined;
  const connect = async (): Promise<PoolClient> => {
    const connection = await pool.connect();
    // The pool listens to idle clients only; a connection that ends between two steps would end the process without this.
    connection.on("error", (error) => {
      broken ??= error;
    });
    return connection;
  };
  const connected = async (): Promise<PoolClient> => {
    client ??= await connect();
    if (broken) throw broken;
    return client;
  };
  const close = async (): Promise<void> => {
    client?.release(true);
    client = undefined;
    if (!pool.ended) await pool.end();
  };

  const authentication: Check = {
    step: "authentication",
    tried: `connect to ${host}:${port}, database ${settings.POSTGRES_DATABASE}, as ${user}`,
    async run() {
      const { rows } = await (await connected()).query("SHOW server_version");
      return `PostgreSQL ${rows[0]?.server_version}`;
    },
  };
  const authorization: Check = {
    step: "authorization",
    tried: `rights of ${user} on ${schema}.demo_log`,
    run: async () => lacking(await readRights(await connected(), schema), settings, writes),
  };
  const probe: Check = {
    step: "probe",
    tried: writes ? "insert and read a row of demo_log, rolled back" : "read demo_log",
    run: async () => (writes ? writeAndRead(await connected(), schema) : readOnly(await connected())),
  };
  const cleanup: Check = {
    step: "cleanup",
    tried: "close the connection",
    async run() {
      await close();
      return "nothing was written";
    },
  };
  return {
    dependency: "postgres",
    names: {
      address: "POSTGRES_HOST",
      ca: ca.variable,
      tls: "POSTGRES_TLS",
      port: String(port),
      ports: "PostgreSQL listens on 5432",
      user,
    },
    checks: [
      ...networkChecks({
        addresses: [{ host, port }],
        ...(usesTls && { tls: tlsOptions({ ca }), upgrade: askForTls }),
      }),
      ...[authentication, authorization, probe, cleanup],
    ],
    explain: (error) => explain(error, settings),
    close,
  };
}

async function askForTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(SSL_REQUEST);
  const [answer] = (await once(socket, "data", { signal })) as [Buffer];
  if (answer.toString() === "S") return;
  throw Object.assign(new Error("the server answered that it does not take TLS"), {
    code: "ERR_SSL_WRONG_VERSION_NUMBER",
  });
}

interface Rights {
  table: boolean;
  select: boolean;
  insert: boolean;
  update: boolean;
  create: boolean;
  /** null where the role `rds_iam` does not exist, as outside of RDS. */
  rds_iam: boolean | null;
}

async function readRights(client: PoolClient, schema: string): Promise<Rights> {
  const { rows } = await client.query<Rights>(
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
  if (!rights) throw new Error("no answer to the question for rights");
  return rights;
}

function lacking(rights: Rights, settings: Settings, writes: boolean): string | Failure {
  const { POSTGRES_SCHEMA: schema, POSTGRES_USER: user } = settings;
  if (settings.POSTGRES_USE_IAM_AUTH && rights.rds_iam === false) {
    return { code: "postgres_rds_iam_missing", said: `${user} is no member of rds_iam`, names: { user } };
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

function withoutTable({ create }: Rights, schema: string, user: string, makes: boolean): string | Failure {
  if (!makes) return { code: "postgres_table_missing", said: `${schema}.demo_log does not exist` };
  if (create) return `${schema}.demo_log can be made`;
  const said = `${schema}.demo_log does not exist, and CREATE on ${schema} is not granted`;
  return { code: "postgres_denied", said, names: { grants: `GRANT CREATE ON SCHEMA ${schema} TO ${user};` } };
}

const insert = `INSERT INTO demo_log (kafka_topic, kafka_partition, kafka_offset, log_level)
  VALUES ('millrace doctor', -1, -1, 'INFO') ON CONFLICT (kafka_topic, kafka_partition, kafka_offset)
  DO UPDATE SET log_level = excluded.log_level RETURNING kafka_topic`;

/**
 * Where the table is yet to be made, a table of another name stands for it, and where its schema is, one of another name
 * for that: a process that makes them at this moment must find nothing of ours in its way, nor we of its.
 */
async function writeAndRead(client: PoolClient, schema: string): Promise<string> {
  const { rows } = await client.query(
    "SELECT to_regclass('demo_log') IS NOT NULL AS has_table, to_regnamespace($1) IS NOT NULL AS has_schema",
    [schema],
  );
  await client.query("BEGIN");
  try {
    if (rows[0]?.has_table) return `${(await client.query(insert)).rowCount} row written, read and rolled back`;
    const standIn = rows[0]?.has_schema ? schema : "millrace_doctor";
    if (!rows[0]?.has_schema) await client.query(`CREATE SCHEMA ${standIn}`);
    await client.query(`CREATE TABLE ${standIn}.millrace_doctor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`);
    return "a table made and rolled back";
  } finally {
    await client.query("ROLLBACK");
  }
}

async function readOnly(client: PoolClient): Promise<string> {
  const { rowCount } = await client.query("SELECT log_level FROM demo_log LIMIT 1");
  return `${rowCount ?? 0} row read`;
}

/** By SQLSTATE: https://www.postgresql.org/docs/18/errcodes-appendix.html */
function explain(error: unknown, settings: Settings): Failure | undefined {
  const { code } = error as { code?: string };
  const said = `${code ?? ""} ${describeCause(error)}`.trim();
  const iam = settings.POSTGRES_USE_IAM_AUTH;
  if (iam && code === "CredentialsProviderError") return { code: "aws_no_credentials", said };
  switch (code) {
    case "28P01":
      if (!iam) return { code: "postgres_password_refused", said };
      return { code: "postgres_iam_refused", said, missing: [databaseNeed(settings)] };
    case "28000":
      return { code: /pg_hba\.conf/.test(said) ? "postgres_host_refused" : "postgres_password_refused", said };
    case "3D000":
      return { code: "postgres_database_missing", said };
    case "42P01":
      return { code: "postgres_table_missing", said };
    default:
      return undefined;
  }
}
