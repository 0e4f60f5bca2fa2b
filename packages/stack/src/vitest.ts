import type { TestProject } from "vitest/node";
import { type StackEnvironment, withoutRegistry } from "./environment.ts";
import { lease } from "./lease.ts";
import type { OptionalServiceName } from "./state.ts";

declare module "vitest" {
  interface ProvidedContext {
    stack: StackEnvironment;
  }
}

/**
 * Vitest's `globalSetup`: holds a lease on the stack "test" while the tests run. They find its services with
 * `inject("stack")` or in the environment variables, which the workers inherit.
 */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return setupWith([], project);
}

export async function setupWith(
  optional: readonly OptionalServiceName[],
  project: TestProject,
): Promise<() => Promise<void>> {
  const onProgress = (line: string) => process.stderr.write(`${line}\n`);
  const stack = await lease({ name: "test", with: optional, onProgress });
  // Another suite may have started the registry on the same stack: a suite that didn't ask for it must not find it.
  const env = optional.includes("registry") ? stack.env : withoutRegistry(stack.env);
  Object.assign(process.env, env);
  project.provide("stack", env);
  return async () => {
    await stack[Symbol.asyncDispose]();
  };
}
