import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";
import { choosePropertySeed, PROPERTY_SEED } from "./property-seed.ts";

const results = process.env.MILLRACE_TEST_RESULTS;
const report = results && join(results, `${basename(process.cwd())}.json`);
const seed = choosePropertySeed();
/** At the end, beside the failures. */
const seedReporter: Reporter = {
  onTestRunEnd() {
    process.stdout.write(`Properties ran with ${PROPERTY_SEED}=${seed}; set it to repeat them.\n\n`);
  },
};

/**
 * Tests run on the sources, as the processes do in development: the "millrace" condition of every package's exports.
 */
export default defineConfig({
  ssr: { resolve: { conditions: ["millrace"] } },
  resolve: { conditions: ["millrace"] },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    setupFiles: fileURLToPath(new URL("vitest-properties.ts", import.meta.url)),
    // Long enough for a busy machine and for tests that start services; a test that hangs is still found.
    testTimeout: 90_000,
    hookTimeout: 180_000,
    // Two cores: the services under test need one of them.
    maxWorkers: 2,
    // `npm test` adds up the packages' counts.
    reporters: report ? ["default", seedReporter, ["json", { outputFile: report }]] : ["default", seedReporter],
  },
});
