// The commands that README.md and the docs show: each block of them says, in a comment before it, why it can be trusted.
//   <!-- run -->                  --run runs it, while `npm start` runs, with the addresses of its services as variables
//   <!-- run by .ci/run -->       each of its lines is in that file
//   <!-- not run: the reason -->  it can't be
//
//   npm run docs:commands             fails where a block says nothing of these, or what isn't so
//   npm run docs:commands -- --run    and runs the blocks that are to be run
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

interface Block {
  /** File and line. */
  place: string;
  /** What the comment before it says; empty where there is none. */
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
process.stdout.write(`${blocks.length} blocks of commands, ${toRun.length} of them to be run by this script\n`);
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
  if (!file) return ["no comment before it says how these commands are tried; see scripts/documented-commands.ts"];
  const text = readFileSync(join(root, file), "utf8");
  return commands.filter((command) => !text.includes(command)).map((command) => `${file} has no: ${command}`);
}

async function runAll(toRun: readonly Block[]): Promise<void> {
  // A process group of its own, which is ended as a terminal ends it: npm does not pass every signal on.
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
    setTimeout(() => reject(new Error(`npm start did not say within five minutes that it ${words}`)), 300_000).unref();
    child.on("exit", () => reject(new Error(`npm start ended before it said that it ${words}:\n${said}`)));
  });
}
