import type { TestProject } from "vitest/node";
import type { StackEnvironment } from "./environment.ts";
import { lease } from "./lease.ts";

declare module "vitest" {
  interface ProvidedContext {
    stack: StackEnvironment;
  }
}

/**
 * Vitest's `globalSetup`: holds a lease on the stack "test" while the tests run. They find its services by
 * `inject("stack")` or in the environment variables, which the workers inherit.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await lease({ name: "test", onProgress: (line) => process.stderr.write(`${line}\n`) });
  Object.assign(process.env, stack.env);
  project.provide("stack", stack.env);
  return async () => {
    await stack[Symbol.asyncDispose]();
  };
}
