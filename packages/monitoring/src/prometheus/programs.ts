import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Programs {
  prometheus: string;
  promtool: string;
}

/**
 * Prometheus's programs: the machine's own, if present, else Debian's package, unpacked once into the user's cache.
 * Nothing is installed, and no service is started.
 */
export async function findPrograms(): Promise<Programs> {
  const [prometheus, promtool] = await Promise.all([onPath("prometheus"), onPath("promtool")]);
  if (prometheus && promtool) return { prometheus, promtool };
  const directory = join(cacheDirectory(), "prometheus-debian");
  const programs = { prometheus: join(directory, "usr/bin/prometheus"), promtool: join(directory, "usr/bin/promtool") };
  if (!(await isExecutable(programs.promtool))) await unpackDebianPackage(directory);
  return programs;
}

async function unpackDebianPackage(directory: string): Promise<void> {
  await mkdir(cacheDirectory(), { recursive: true });
  const work = await mkdtemp(`${directory}-`);
  try {
    // A fresh machine has no package lists.
    await download(work).catch(async () => {
      await run("apt-get", ["update", "--quiet"]);
      await download(work);
    });
    const [archive = ""] = (await readdir(work)).filter((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["--extract", join(work, archive), join(work, "content")]);
    // In one step, so that an interrupted run leaves nothing incomplete; another run may have finished first.
    await rename(join(work, "content"), directory).catch(() => undefined);
  } catch (error) {
    throw new Error("Prometheus is neither on the PATH nor available from apt-get: install prometheus and promtool.", {
      cause: error,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(directory: string): Promise<void> {
  await run("apt-get", ["download", "prometheus"], { cwd: directory });
}

async function onPath(program: string): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    if (directory !== "" && (await isExecutable(join(directory, program)))) return join(directory, program);
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function cacheDirectory(): string {
  const { MILLRACE_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  return MILLRACE_CACHE_DIR ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "millrace");
}
