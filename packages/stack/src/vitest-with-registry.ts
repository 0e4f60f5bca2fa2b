import type { TestProject } from "vitest/node";
import { setupWith } from "./vitest.ts";

/** Vitest's `globalSetup` for tests that need the schema registry too. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return setupWith(["registry"], project);
}
