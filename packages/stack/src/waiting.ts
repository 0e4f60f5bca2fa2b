import { readFile } from "node:fs/promises";
import { z } from "zod";

const readinessSchema = z.object({
  dependencies: z.record(z.string(), z.object({ state: z.string(), cause: z.string().optional() })),
});
const checkSchema = z.object({
  action: z.literal("doctor.check"),
  status: z.string(),
  details: z.object({ dependency: z.string(), cause: z.string().optional(), remedy: z.string().optional() }),
});

/**
 * What an unready process is waiting for, a phrase each: failures of its own checks with their remedies; otherwise its
 * response to `/health/ready`, if any.
 */
export async function reasonsToWait(log: string, answer: string | undefined): Promise<string[]> {
  const checked = failedChecks(await readFile(log, "utf8"));
  if (checked.length > 0) return checked;
  return answer === undefined ? ["an answer"] : waitedFor(answer);
}

/** By the last check of each dependency. */
function failedChecks(log: string): string[] {
  const checks = log.split("\n").flatMap((line) => {
    const { data } = checkSchema.safeParse(parsed(line));
    return data ? [[data.details.dependency, data] as const] : [];
  });
  return [...new Map(checks).values()].flatMap(({ status, details: { dependency, cause, remedy } }) =>
    status === "failed" ? [`${dependency}: ${[cause, remedy].filter(Boolean).join(". ")}`] : [],
  );
}

function waitedFor(answer: string): string[] {
  const { data } = readinessSchema.safeParse(parsed(answer));
  if (!data) return [answer.slice(0, 500)];
  return Object.entries(data.dependencies).flatMap(([name, { state, cause }]) =>
    state === "waiting" ? [cause === undefined ? name : `${name}: ${cause}`] : [],
  );
}

/** `undefined` for anything but JSON, such as a stack trace in a log. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
