import shared from "@millrace/stack/vitest-config";
import { mergeConfig } from "vitest/config";

export default mergeConfig(shared, {
  test: {
    globalSetup: ["@millrace/stack/vitest"],
    hookTimeout: 180_000,
    // Each file runs four processes and a Prometheus: one at a time leaves them the cores.
    fileParallelism: false,
  },
});
