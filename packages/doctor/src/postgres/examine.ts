import { once } from "node:events";
import type { Socket } from "node:net";
import type { AwsCredentialsProvider } from "@millrace/connections";
import { tlsOptions } from "@millrace/connections";
import { describeCause, quietly } from "@millrace/shared";
import type { Examination, StepCheck } from "../examination.ts";
import { databaseNeed } from "../needs.ts";
import { networkChecks } from "../network.ts";
import type { CheckFailure } from "../report.ts";
import type { DatabasePool, ExaminedPostgres, OpenClient } from "../stores.ts";
import { openConnection } from "./connection.ts";
import { readOnly, writeAndRead } from "./probe.ts";
import { lacking, readRights } from "./rights.ts";

/** https://www.postgresql.org/docs/18/protocol-message-formats.html: SSLRequest, answered with one byte, S or N. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Writes its row in a transaction that it rolls back.
 *
 * @param open opens the pool: only processes that use PostgreSQL load its client
 * @param writes true for the sink, which creates and writes demo_log; the api only reads it
 */
export function examinePostgres<Settings extends ExaminedPostgres>(
  settings: Settings,
  open: OpenClient<Settings, DatabasePool>,
  { writes, credentials }: { writes: boolean; credentials?: AwsCredentialsProvider | undefined },
): Examination {
  const { POSTGRES_HOST: host, POSTGRES_PORT: port, POSTGRES_USER: user, POSTGRES_SCHEMA: schema } = settings;
  const ca = { variable: "POSTGRES_TLS_CA_PATH", path: settings.POSTGRES_TLS_CA_PATH };
  const usesTls = settings.POSTGRES_USE_IAM_AUTH || settings.POSTGRES_TLS;
  const connection = openConnection(open({ ...settings, POSTGRES_POOL_MAX: 1 }, quietly(), credentials));
  const authentication: StepCheck = {
    step: "authentication",
    tried: `connect to ${host}:${port}, database ${settings.POSTGRES_DATABASE}, as ${user}`,
    async run() {
      const { rows } = await (await connection.client()).query("SHOW server_version");
      return `PostgreSQL ${rows[0]?.server_version}`;
    },
  };
  const authorization: StepCheck = {
    step: "authorization",
    tried: `rights of ${user} on ${schema}.demo_log`,
    run: async () => lacking(await readRights(await connection.client(), schema), settings, writes),
  };
  const probe: StepCheck = {
    step: "probe",
    tried: writes ? "insert and read a row of demo_log, rolled back" : "read demo_log",
    run: async () => (writes ? writeAndRead(await connection.client(), schema) : readOnly(await connection.client())),
  };
  const cleanup: StepCheck = {
    step: "cleanup",
    tried: "close the connection",
    async run() {
      await connection.close();
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
    close: connection.close,
  };
}

async function askForTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(SSL_REQUEST);
  const [answer] = (await once(socket, "data", { signal })) as [Buffer];
  if (answer.toString() === "S") return;
  throw Object.assign(new Error("the server does not support TLS"), {
    code: "ERR_SSL_WRONG_VERSION_NUMBER",
  });
}

/** By SQLSTATE: https://www.postgresql.org/docs/18/errcodes-appendix.html */
function explain(error: unknown, settings: ExaminedPostgres): CheckFailure | undefined {
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
