// Runs a TypeScript entry point of this repository on the project's own Node:
//   node scripts/run.mjs packages/cli/src/main.ts start
// This is the only file that the machine's Node (20 or later) must be able to run. On a fresh clone, or after a lockfile
// change, it first installs the dependencies.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");

const [major] = process.versions.node.split(".").map(Number);
if (major < 20) fail(`Node ${process.versions.node} is too old: install Node 20 or later (https://nodejs.org).`);

installIfNeeded();
const { node, bin } = projectNode();
const [entry, ...args] = process.argv.slice(2);
if (!entry) fail("usage: node scripts/run.mjs FILE [ARGUMENT…]");

const child = spawn(
  node,
  ["--conditions=millrace", "--disable-warning=ExperimentalWarning", join(root, entry), ...args],
  {
    stdio: "inherit",
    env: { ...process.env, PATH: `${join(modules, ".bin")}:${bin}:${process.env.PATH ?? ""}` },
  },
);
// The terminal sends Ctrl-C to the whole process group; a supervisor sends SIGTERM to this process alone.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT") child.kill(signal);
  });
}
child.on("error", (error) => fail(`${node} could not be started: ${error.message}`));
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));

function installIfNeeded() {
  const lockfile = readFileSync(join(root, "pnpm-lock.yaml"));
  const wanted = createHash("sha256").update(lockfile).update(`${process.platform}-${process.arch}`).digest("hex");
  const stamp = join(modules, ".millrace-installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  process.stderr.write("Installing dependencies (once) …\n");
  const npx = spawnSync("npx", ["--yes", packageManager, "install", "--frozen-lockfile", "--reporter=append-only"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    // CI does not change the result, but keeps pnpm from prompting.
    env: { ...process.env, CI: "true" },
  });
  if (npx.error) fail(`npx could not be started (${npx.error.message}): install npm, it comes with Node.`);
  if (npx.status !== 0) fail("The dependencies could not be installed: see pnpm's message above, then run this again.");
  mkdirSync(modules, { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Node 24 from the dependencies if available for this platform, otherwise the machine's own if new enough. */
function projectNode() {
  const brought = join(modules, ".bin", "node");
  if (existsSync(brought)) return { node: brought, bin: join(modules, ".bin") };
  if (major >= 24) return { node: process.execPath, bin: dirname(process.execPath) };
  return fail(`The dependencies include Node 24 on Linux and Apple silicon only; install Node 24 on this machine.`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
