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
 * A service is ready sooner, and costs less where it has little to do, without the JVM's second compiler. What measures a
 * service asks for the whole JVM by `MILLRACE_JVM=full`: a vector's distance then takes OpenSearch half of the time.
 */
export function compilerOptions(): string[] {
  return process.env.MILLRACE_JVM === "full" ? [] : ["-XX:TieredStopAtLevel=1"];
}
