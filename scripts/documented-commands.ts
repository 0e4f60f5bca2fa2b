// Checks the command blocks of README.md and the docs. A comment before each block says how the block is tested:
//   <!-- run -->                  --run runs it, while `npm start` runs, with the addresses of its services as variables
//   <!-- run by .ci/run -->       .ci/run contains each of its lines
//   <!-- not run: the reason -->  it can't run here
//
//   npm run docs:commands             fails if a block has no such comment, or a wrong one
//   npm run docs:commands -- --run    also runs the blocks marked "run"
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

interface Block {
  /** File and line. */
  place: string;
  /** The comment before it; empty if there is none. */
  mark: string;
  commands: string[];
}

const addresses = 'set -a; eval "$(npm run --silent stack -- env)"; set +a';
const root = resolve(import.meta.dirname, "..");
const { values } = parseArgs({ options: { run: { type: "boolean", default: false } } });

const files = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" }).trim().split("\n");
const blocks = files.flatMap((file) => blocksOf(file, readFileSync(join(root, file), "utf8")));
const problems = blocks.flatMap(({ place, mark, commands }) =>
  problemsOf(mark, commands).map((it) => `${place}: ${it}`),
);
if (problems.length > 0) {
  process.stderr.write(`${problems.join("\n")}\n`);
  process.exit(1);
}

const toRun = blocks.filter(({ mark }) => mark === "run");
process.stdout.write(`${blocks.length} command blocks, ${toRun.length} of them run by --run\n`);
if (values.run) await runAll(toRun);

function blocksOf(file: string, text: string): Block[] {
  const found = text.matchAll(/(?:<!-- ((?:not )?run[^>]*?) -->\n+)?^```sh\n(.*?)^```$/gms);
  return [...found].map((match) => {
    const [, mark = "", body = ""] = match;
    const line = text.slice(0, text.indexOf("```sh", match.index)).split("\n").length;
    return { place: `${file}:${line}`, mark, commands: body.split("\n").map(withoutComment).filter(Boolean) };
  });
}

function withoutComment(line: string): string {
  return line.replace(/(^|\s)#\s.*$/, "").trim();
}

function problemsOf(mark: string, commands: readonly string[]): string[] {
  if (mark === "run" || mark.startsWith("not run: ")) return [];
  const [, file] = /^run by (\S+)$/.exec(mark) ?? [];
  if (!file) return ["add a comment before the block that says how it is tested; see scripts/documented-commands.ts"];
  const text = readFileSync(join(root, file), "utf8");
  return commands.filter((command) => !text.includes(command)).map((command) => `${file} does not contain: ${command}`);
}

async function runAll(toRun: readonly Block[]): Promise<void> {
  // In a separate process group, signalled as a terminal does, since npm does not forward every signal.
  const pipeline = spawn("npm", ["start"], { cwd: root, stdio: ["ignore", "inherit", "pipe"], detached: true });
  try {
    await untilItSays(pipeline, "keeps running");
    for (const { place, commands } of toRun) {
      process.stdout.write(`== ${place}\n`);
      const script = ["set -euo pipefail", addresses, ...commands].join("\n");
      const { status } = spawnSync("bash", ["-c", script], { cwd: root, stdio: "inherit", timeout: 300_000 });
      if (status !== 0) throw new Error(`${place} failed (${status})`);
    }
  } finally {
    const ended = once(pipeline, "exit");
    if (pipeline.pid && pipeline.exitCode === null) {
      process.kill(-pipeline.pid, "SIGINT");
      await ended;
    }
  }
}

async function untilItSays(child: ChildProcess, words: string): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (chunk) => {
      said += chunk;
      if (said.includes(words)) resolve();
    });
    setTimeout(() => reject(new Error(`npm start did not print "${words}" within five minutes`)), 300_000).unref();
    child.on("exit", () => reject(new Error(`npm start exited before it printed "${words}":\n${said}`)));
  });
}
