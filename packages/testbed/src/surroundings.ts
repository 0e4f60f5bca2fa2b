import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { Health, Log, type Patience } from "@millrace/shared";
import { isolated, makeCertificates } from "@millrace/stack";
import { afterAll, expect } from "vitest";

/** A reserved port (tcpmux) on which no program listens. */
export const CLOSED_PORT = 1;

export function uniqueName(kind: string): string {
  return `${kind}-${randomBytes(6).toString("hex")}`;
}

/**
 * The stack's services with topics, groups, keys, a schema and an index for one test file, and times short enough for a
 * test. The session is long: records of a member that a busy machine evicts would be delivered again.
 */
export function testEnvironment(overrides: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...isolated(randomBytes(6).toString("hex")),
    KAFKA_TOPIC_PARTITIONS: "2",
    KAFKA_SESSION_TIMEOUT_MS: "10000",
    KAFKA_COMMIT_INTERVAL_MS: "20",
    KAFKA_STALL_TIMEOUT_MS: "10000",
    EMBEDDING_PROVIDER: "local",
    TRACKING_TTL_S: "600",
    PRESENCE_INTERVAL_MS: "100",
    ...overrides,
  };
}

export interface TestPatience extends Patience {
  /** The log's lines so far. */
  lines(): { action: string; status: string; details?: Record<string, unknown> }[];
}

export function testPatience(hardStop = new AbortController().signal): TestPatience {
  const written: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  return {
    log: new Log("test", { destination }),
    health: new Health(),
    backoff: { initialMs: 20, maxMs: 200 },
    hardStop,
    lines: () => written.map((line) => JSON.parse(line)),
  };
}

export function eventually<Value>(value: () => Value, timeoutMs = 20_000) {
  return expect.poll(value, { interval: 20, timeout: timeoutMs });
}

/** A certificate authority for one test file; `directory` holds its key, `ca.key`, and is removed with the file. */
export async function openCertificates() {
  const directory = await mkdtemp(join(tmpdir(), "millrace-certificates-"));
  afterAll(() => rm(directory, { recursive: true }));
  return { directory, ...(await makeCertificates(directory)) };
}

/** kafkajs 2.2.4 prints TimeoutNegativeWarning on Node 24; the whole test file must be free of it. */
export function expectNoTimeoutWarnings(): void {
  const warnings: string[] = [];
  const note = ({ name, message }: Error): number => warnings.push(`${name}: ${message}`);
  process.on("warning", note);
  afterAll(() => {
    process.off("warning", note);
    expect(warnings.filter((warning) => warning.includes("Timeout"))).toEqual([]);
  });
}
