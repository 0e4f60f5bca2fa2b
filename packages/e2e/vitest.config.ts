import shared from "@millrace/stack/vitest-config";
import { mergeConfig } from "vitest/config";

export default mergeConfig(shared, {
  test: {
    globalSetup: ["@millrace/stack/vitest"],
    // Each file runs four processes on the stack: one file at a time leaves them the cores.
    fileParallelism: false,
  },
});
