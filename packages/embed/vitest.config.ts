import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

export default mergeConfig(shared, {
  test: {
    globalSetup: "@millrace/stack/vitest",
    // The pool's worker threads inherit it, and so find the other packages' sources.
    execArgv: ["--conditions=millrace"],
  },
});
