import shared from "@millrace/stack/vitest-config";
import { mergeConfig } from "vitest/config";

export default mergeConfig(shared, { test: { globalSetup: "@millrace/stack/vitest" } });
