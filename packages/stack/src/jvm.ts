import { StackError } from "./errors.ts";

/** The heap limit of a Java service in MB, from an environment variable. */
export function heapMegabytes(variable: string, defaultMegabytes: number): number {
  const text = process.env[variable];
  if (!text) return defaultMegabytes;
  const megabytes = Number(text);
  if (Number.isInteger(megabytes) && megabytes >= 128) return megabytes;
  throw new StackError(`${variable}=${text} is not a heap size: give whole megabytes, at least 128.`);
}

/**
 * Without the JVM's second compiler a service is ready sooner, and costs less while it has little to do. Measurements
 * set `MILLRACE_JVM=full` for the whole JVM: OpenSearch then computes a vector's distance in half the time.
 */
export function compilerOptions(): string[] {
  return process.env.MILLRACE_JVM === "full" ? [] : ["-XX:TieredStopAtLevel=1"];
}
