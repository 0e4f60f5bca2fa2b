import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { StackError } from "./errors.ts";

const JAVA_VERSION_MIN = 17;
const INSTALL = `install Java ${JAVA_VERSION_MIN} or later (Debian: apt install openjdk-17-jre-headless; macOS: brew install openjdk) or set JAVA_HOME to it.`;

/** The command of a recent enough Java: that of JAVA_HOME, otherwise the one on the PATH. */
export async function findJava(): Promise<string> {
  const home = process.env.JAVA_HOME;
  const commands = home ? [join(home, "bin", "java"), "java"] : ["java"];
  const found: string[] = [];
  for (const command of commands) {
    const version = await versionOf(command);
    if (version !== undefined && version >= JAVA_VERSION_MIN) return command;
    if (version !== undefined) found.push(`${command} is Java ${version}`);
  }
  if (found.length === 0) throw new StackError(`Kafka and OpenSearch need Java, but none was found: ${INSTALL}`);
  throw new StackError(`Kafka and OpenSearch need a newer Java (${found.join(", ")}): ${INSTALL}`);
}

async function versionOf(command: string): Promise<number | undefined> {
  try {
    // `java -version` prints to standard error. On macOS a stub without a Java behind it exits with 1.
    const { stderr } = await promisify(execFile)(command, ["-version"], { timeout: 30_000 });
    return parseJavaVersion(stderr);
  } catch {
    return undefined;
  }
}

/** `openjdk version "17.0.15" 2025-04-15` → 17; `java version "1.8.0_402"` → 8. */
export function parseJavaVersion(output: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(output) ?? [];
  if (first === undefined) return undefined;
  return first === "1" && second !== undefined ? Number(second) : Number(first);
}
