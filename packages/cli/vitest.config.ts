import { mergeConfig } from "vitest/config";
import shared from "../../vitest.shared.ts";

export default mergeConfig(shared, { test: { globalSetup: "@millrace/stack/vitest", testTimeout: 90_000 } });
