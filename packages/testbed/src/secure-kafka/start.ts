import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  answersMetadata,
  type Certificates,
  findFreePorts,
  findJava,
  formatStorage,
  HOST,
  install,
  kafka,
  makeCertificates,
  plainProgress,
  StackError,
} from "@millrace/stack";
import { handlerComponent } from "./handler.ts";
import type { KnownCredentials, SecureKafkaOptions } from "./options.ts";
import { type ListenerPorts, listenerNames, serverProperties } from "./properties.ts";

/** A broker with authentication, one listener per mechanism. Access is denied unless an ACL allows it. */
export interface SecureKafka extends AsyncDisposable {
  /** `plaintext` is for the test itself: its clients may do everything. */
  addresses: Record<"plaintext" | "iam" | "scram" | "mtls" | "tls", string>;
  certificates: Certificates;
  /** Replaces the known credentials; applies to the next authentication. */
  setCredentials(credentials: readonly KnownCredentials[]): Promise<void>;
  /**
   * The broker's log so far; its `MSK IAM: refused: …` lines give the reason, its `MSK IAM: accepted: …` lines the key.
   */
  readLog(): Promise<string>;
}

const STARTS_WITHIN_MS = 60_000;

/**
 * Starts a Kafka broker with SASL and TLS on free ports for tests of authentication: the same Kafka as the stack's,
 * with a handler that recomputes the signature of MSK's IAM tokens. It is not part of the stack: it lives as long as
 * its test.
 */
export async function startSecureKafka(options: SecureKafkaOptions): Promise<SecureKafka> {
  const home = await mkdtemp(join(tmpdir(), "millrace-secure-kafka-"));
  const certificates = await makeCertificates(home);
  const free = await findFreePorts(listenerNames.length);
  const ports = Object.fromEntries(listenerNames.map((name, index) => [name, free[index]])) as ListenerPorts;
  const setCredentials = async (credentials: readonly KnownCredentials[]) => {
    const file = join(home, "credentials.txt");
    await writeFile(`${file}.new`, credentials.map(credentialsLine).join(""));
    // The broker may read the file at any time, and must not find half of it.
    await rename(`${file}.new`, file);
  };
  await setCredentials(options.credentials);
  const properties = join(home, "server.properties");
  await writeFile(properties, await serverProperties(home, ports, certificates, options));
  const command = await prepareBroker(properties, options.users);
  const broker = await startBroker(command, home, ports.plaintext);
  const address = (name: keyof ListenerPorts): string => `${HOST}:${ports[name]}`;
  return {
    addresses: {
      plaintext: address("plaintext"),
      iam: address("iam"),
      scram: address("scram"),
      mtls: address("mtls"),
      tls: address("tls"),
    },
    certificates,
    setCredentials,
    ...broker,
  };
}

/** Formats the storage with the users in it. Returns the broker's command line. */
async function prepareBroker(properties: string, users: Record<string, string>): Promise<[string, ...string[]]> {
  const java = await findJava();
  const progress = plainProgress((line) => process.stderr.write(`${line}\n`));
  const programs = await install(kafka.component, progress);
  const handler = await install(handlerComponent(programs), progress);
  const classPath = [join(programs, "lib", "*"), join(handler, "classes")].join(delimiter);
  const jvm = ["-Xms96m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath];
  jvm.push("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
  const scram = Object.entries(users).flatMap(([name, password]) => [
    "--add-scram",
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
  await formatStorage(java, jvm, properties, scram);
  return [java, ...jvm, "kafka.Kafka", properties];
}

/** Returns when the broker answers on the plaintext port. */
async function startBroker(
  [java, ...parameters]: readonly [string, ...string[]],
  home: string,
  plaintextPort: number,
): Promise<Pick<SecureKafka, "readLog"> & AsyncDisposable> {
  const logFile = join(home, "broker.log");
  const log = openSync(logFile, "w");
  const child = spawn(java, parameters, { stdio: ["ignore", log, log], cwd: home });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const readLog = () => readFile(logFile, "utf8");
  const dispose = async () => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      // Its data is deleted too: there is nothing to save.
      kill();
      await exit;
    }
    await rm(home, { recursive: true, force: true });
  };
  const deadlineMs = Date.now() + STARTS_WITHIN_MS;
  while (!(await answersMetadata(plaintextPort))) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      const said = (await readLog()).split("\n").slice(-12).join("\n");
      await dispose();
      throw new StackError(`The secure broker does not start:\n${said}`);
    }
    await sleep(100);
  }
  return { readLog, [Symbol.asyncDispose]: dispose };
}

function credentialsLine(known: KnownCredentials): string {
  // Long-lived keys expire in the year 2100.
  const expiresAtS = Math.floor((known.expiresAt?.getTime() ?? 4_102_444_800_000) / 1_000);
  return `${[known.accessKeyId, known.secretAccessKey, known.arn, expiresAtS, known.sessionToken ?? ""].join(" ")}\n`;
}
