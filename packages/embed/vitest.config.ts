import shared from "@millrace/stack/vitest-config";
import { mergeConfig } from "vitest/config";

export default mergeConfig(shared, {
  test: {
    globalSetup: "@millrace/stack/vitest",
    // The pool's worker threads inherit it, and so find the other packages' sources.
    execArgv: ["--conditions=millrace"],
  },
});
