import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { isRoot, openRootPostgresDirectory, postgresDirectory } from "../directories.ts";
import { HOST, POSTGRES_LOGIN } from "../environment.ts";
import { StackError } from "../errors.ts";
import { findProcess } from "../process-table.ts";
import type { Launch, LaunchContext, Service } from "../service.ts";
import type { Ports } from "../state.ts";
import { runTool } from "../tool.ts";
import { ORIGIN_FILE, removeOrphanedData } from "./postgres-orphans.ts";
import { postgresPrograms } from "./postgres-programs.ts";

interface User {
  uid: number;
  gid: number;
}

export const postgres: Service = {
  name: "postgres",
  title: "PostgreSQL 18",
  get component() {
    return postgresPrograms();
  },
  // A "fast" shutdown; SIGTERM would wait until every client has disconnected.
  stopSignal: "SIGINT",
  portsOf: (ports) => [ports.postgres],
  home: postgresDirectory,
  prepare,
  answers,
  // The workers of a killed server need a moment to notice.
  isTransient: (log) => log.includes("pre-existing shared memory block") || log.includes("lock file"),
};

async function prepare({ programs, directory, home, ports }: LaunchContext): Promise<Launch> {
  const user = isRoot ? await unprivilegedUser() : undefined;
  if (user) {
    await openRootPostgresDirectory();
    await removeOrphanedData();
  }
  await mkdir(home, { recursive: true });
  if (user) {
    await writeFile(join(home, ORIGIN_FILE), directory);
    await chown(home, user.uid, user.gid);
  }
  const dataDirectory = join(home, "data");
  if (!existsSync(dataDirectory)) await createData(programs, home, user);
  await removeStalePidFile(dataDirectory);
  const settings = {
    listen_addresses: HOST,
    port: String(ports.postgres),
    // A socket directory would need a path of at most 100 characters.
    unix_socket_directories: "",
    max_connections: "200",
  };
  return {
    command: join(programs, "bin", "postgres"),
    arguments: [
      "-D",
      dataDirectory,
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ],
    environment: { ...process.env, LC_ALL: "C" },
    ...(user && { user }),
  };
}

/**
 * Creates the data directory with our database in it; under another name first, so that an interruption leaves nothing
 * half done.
 */
async function createData(programs: string, home: string, user: User | undefined): Promise<void> {
  const draft = join(home, "data.new");
  const passwordFile = join(home, "password");
  await rm(draft, { recursive: true, force: true });
  await writeFile(passwordFile, POSTGRES_LOGIN.password);
  if (user) await chown(passwordFile, user.uid, user.gid);
  const login = [`--username=${POSTGRES_LOGIN.user}`, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const execution = { ...user, cwd: home, env: { ...process.env, LC_ALL: "C" } };
  await runTool(
    "Creating the database (initdb)",
    join(programs, "bin", "initdb"),
    ["-D", draft, ...login, ...locale],
    execution,
  );
  const single = spawn(join(programs, "bin", "postgres"), ["--single", "-D", draft, "postgres"], {
    ...execution,
    stdio: ["pipe", "ignore", "pipe"],
  });
  single.stderr.resume();
  single.stdin.end(`CREATE DATABASE ${POSTGRES_LOGIN.database}\n`);
  const [code] = await once(single, "close");
  if (code !== 0) throw new Error(`postgres --single exited with ${code}`);
  await rm(passwordFile);
  await rename(draft, join(home, "data"));
}

/**
 * PostgreSQL refuses to start while the process in its pid file lives. After a reboot that pid may belong to any
 * program; one that isn't PostgreSQL on this directory doesn't count.
 */
async function removeStalePidFile(dataDirectory: string): Promise<void> {
  const file = join(dataDirectory, "postmaster.pid");
  const pid = Number.parseInt(await readFile(file, "utf8").catch(() => ""), 10);
  if (Number.isNaN(pid)) return;
  const holder = await findProcess(pid);
  if (!holder?.command.includes(dataDirectory)) await rm(file, { force: true });
}

/** PostgreSQL refuses to run as root. */
async function unprivilegedUser(): Promise<User> {
  for (const name of ["postgres", "nobody"]) {
    const ids = await Promise.all(["-u", "-g"].map((option) => idOf(option, name)));
    const [uid, gid] = ids;
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new StackError(
    "PostgreSQL refuses to run as root, and neither the user postgres nor nobody exists: add one (useradd --system postgres), or run as another user.",
  );
}

async function idOf(option: string, name: string): Promise<number | undefined> {
  try {
    return Number((await promisify(execFile)("id", [option, name])).stdout);
  } catch {
    return undefined;
  }
}

async function answers(ports: Ports): Promise<boolean> {
  const client = new Client({
    host: HOST,
    port: ports.postgres,
    ...POSTGRES_LOGIN,
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  });
  // When the server goes away in between, the client emits an error in addition to rejecting the query.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("SELECT 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
