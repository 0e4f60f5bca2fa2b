import { once } from "node:events";
import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectProducer } from "@millrace/kafka";
import { isolated, lease, status } from "@millrace/stack";
import { describe, expect, it } from "vitest";
import { openClients } from "../src/clients.ts";
import { millrace } from "./millrace.ts";

const name = (suffix: string) => `cli_${suffix}_${process.pid}`;

async function writeMessages(): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), "millrace-cli-")), "messages.txt");
  const lines = Array.from({ length: 300 }, (_, index) => Buffer.from(`Where is my card number ${index}?\n`));
  lines.splice(7, 0, Buffer.from("\n"), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(`${"word ".repeat(10_000)}\n`));
  // Longer than the api accepts, and than Kafka accepts by default.
  lines.push(Buffer.from(`${"x".repeat(1_500_000)}\n`));
  await writeFile(file, Buffer.concat(lines));
  return file;
}

describe("start --once", () => {
  it("ends with counts that agree, repeatedly and on top of earlier data", async () => {
    const parameters = ["start", "--once", "--stack", "test", "--messages", await writeMessages()];
    for (let run = 0; run < 2; run++) {
      const { code, stdout, stderr } = await millrace(parameters, name("once")).finished;
      const lastLine = stdout.trimEnd().split("\n").at(-1);
      // Standard error shows what went wrong.
      expect({ code, lastLine, stderr }).toMatchObject({
        code: 0,
        lastLine: "published=304 indexed=300 recorded=304 dead_lettered=4",
        stderr: expect.stringContaining("\npublished 304, indexed 300, recorded 304 of 304\n"),
      });
      expect(stderr).not.toContain("do not agree");
    }
  });

  it("--json prints nothing but JSON to standard output", async () => {
    const parameters = ["start", "--once", "--json", "--stack", "test"];
    const { code, stdout, stderr } = await millrace(parameters, name("json")).finished;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ published: 1_000, indexed: 1_000, recorded: 1_000, deadLettered: 0, problems: [] });
    expect(summary.searches[0].query).toBe("how do I limit concurrency?");
    expect(summary.searches[0].hits.map(({ text }: { text: string }) => text)).toContainEqual(
      expect.stringMatching(/^p-limit: Run multiple .* with limited concurrency/),
    );
    expect(Object.keys(summary.latencies)).toEqual(
      expect.arrayContaining(["api.publish", "ingest.pack", "embed.batch", "sink.batch", "publish → stored"]),
    );
    expect(summary.latencies["publish → stored"].count).toBe(1_000);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe("published=1000 indexed=1000 recorded=1000 dead_lettered=0");
  });

  it("counts and finds its own messages, whatever others publish at the same time", async () => {
    const suffix = name("others");
    await using services = openClients({ ...process.env, ...isolated(suffix) }, "cli", new AbortController().signal);
    await using producer = await connectProducer(services.kafka, services.patience);
    const run = millrace(["start", "--once", "--json", "--stack", "test", "--messages", await writeMessages()], suffix);
    const ended = run.finished.then(() => "ended" as const);
    let others = 0;
    while ((await Promise.race([ended, sleep(20)])) !== "ended") {
      // The topic exists as soon as the start has created it.
      const sent = await producer.trySend(services.topic, [{ value: Buffer.from("Somebody else's message") }]);
      if ("value" in sent) others++;
    }
    const { code, stdout, stderr } = await run.finished;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(others).toBeGreaterThan(0);
    const { searches, ...summary } = JSON.parse(stdout);
    expect(summary).toMatchObject({ published: 304, indexed: 300, recorded: 304, deadLettered: 4, problems: [] });
    // The search of the graph is approximate: any of the 300 nearly identical texts may come first, with a score of 0.98.
    expect(searches[0].hits[0].score).toBeGreaterThan(0.95);
    expect(searches[0].hits[0].text).toMatch(/^Where is my card number \d+\?$/);
  });

  it("reports an error in one sentence", async () => {
    const parameters = ["start", "--once", "--stack", "test", "--messages", "/nowhere"];
    const { code, stderr } = await millrace(parameters, name("wrong")).finished;
    expect(stderr).toBe("File /nowhere does not exist: name an existing one with --messages.\n");
    expect(code).toBe(1);
  });
});

describe("start", () => {
  it.each(["interrupt", "terminate"] as const)("leaves no process behind after a request to %s", async (how) => {
    const startedAtMs = Date.now();
    const running = millrace(["start", "--stack", "test", "--messages", await writeMessages()], name(how));
    await expect.poll(running.stderr, { timeout: 60_000 }).toContain("keeps running");
    const pids = await pidsOfProcesses(startedAtMs);
    expect(pids.map(isAlive)).toEqual([true, true, true, true]);
    running[how]();
    const { code, stdout } = await running.finished;
    expect(code).toBe(0);
    expect(stdout).toMatch(/docs +http:\/\/127\.0\.0\.1:\d+\/docs/);
    expect(pids.map(isAlive)).toEqual([false, false, false, false]);
  });

  it("leaves no process behind if it is stopped while the processes start", async () => {
    const startedAtMs = Date.now();
    const running = millrace(["start", "--stack", "test"], name("early"));
    await expect.poll(running.stderr, { timeout: 60_000 }).toContain("already up");
    running.interrupt();
    expect((await running.finished).code).toBe(130);
    expect((await pidsOfProcesses(startedAtMs)).filter(isAlive)).toEqual([]);
  });
});

describe("start beside another", () => {
  it("is refused while another one runs, and stops what a killed one left over", async () => {
    const parameters = ["start", "--stack", "test", "--messages", await writeMessages()];
    const first = millrace(parameters, name("first"));
    await expect.poll(first.stderr, { timeout: 60_000 }).toContain("keeps running");
    const second = await millrace([...parameters, "--once"], name("second")).finished;
    expect(second.stderr).toMatch(/^A pipeline is already running: process \d+, .+http:.+ --stack NAME\.\n$/);
    expect(second.code).toBe(1);

    first.kill();
    await first.finished;
    const left = await orphans();
    expect(left).toHaveLength(4);
    const third = await millrace([...parameters, "--once"], name("first")).finished;
    expect({ code: third.code, stderr: third.stderr }).toMatchObject({ code: 0 });
    expect(third.stderr.match(/stopped; left over from a killed start/g)).toHaveLength(4);
    expect(left.map(isAlive)).toEqual([false, false, false, false]);
  });

  it("reports a taken port before it starts or publishes anything", async () => {
    await using other = createServer((_request, response) => response.end("ready")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const parameters = ["start", "--once", "--stack", "test", "--port", String(port)];
    const { code, stderr } = await millrace(parameters, name("port")).finished;
    expect(stderr).toMatch(new RegExp(`^Port ${port} for api is taken by .+ --port, .+\\n$`));
    expect(code).toBe(1);
  });
});

it("prints its help and version", async () => {
  const help = await millrace(["start", "--help"], name("help")).finished;
  expect(help.stdout).toContain("--messages <file>");
  expect(help.code).toBe(0);
  expect((await millrace(["--version"], name("version")).finished).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it("reports a refused setting before it starts anything", async () => {
  process.env.KAFKA_RECORD_MAX_BYTES = "12";
  const refused = millrace(["start", "--stack", "test"], name("refused"));
  delete process.env.KAFKA_RECORD_MAX_BYTES;
  const { code, stderr } = await refused.finished;
  expect(stderr).toContain("KAFKA_RECORD_MAX_BYTES is refused");
  expect(stderr).not.toContain("already up");
  expect(code).toBe(78);
});

/** From the logs of this start; leftovers of an earlier start are not included. */
async function pidsOfProcesses(sinceMs: number): Promise<number[]> {
  await using stack = await lease({ name: "test" });
  const logs = ["ingest", "embed", "sink", "api"].map((each) =>
    join(stack.directory, "logs", "pipeline", `${each}-1.log`),
  );
  const pids = await Promise.all(logs.map((log) => pidOf(log, sinceMs).catch(() => undefined)));
  return pids.filter((pid) => pid !== undefined);
}

/** Rejects without such a log. */
async function pidOf(log: string, sinceMs: number): Promise<number | undefined> {
  if ((await stat(log)).mtimeMs < sinceMs) return undefined;
  const pid = /"pid":(\d+)/.exec(await readFile(log, "utf8"))?.[1];
  return pid === undefined ? undefined : Number(pid);
}

async function orphans(): Promise<number[]> {
  const all = await status({ name: "test" });
  return all.flatMap(({ state, pid }) => (state === "orphaned" && pid !== undefined ? [pid] : []));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
