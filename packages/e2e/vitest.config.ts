import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

export default mergeConfig(shared, {
  test: {
    globalSetup: ["@millrace/stack/vitest"],
    testTimeout: 90_000,
    // Each file runs four processes on the stack: one file at a time leaves them the cores.
    fileParallelism: false,
  },
});
