import { defineConfig } from "vitest/config";

/** Tests run on the sources, as the processes do in development: the "millrace" condition of every package's exports. */
export default defineConfig({
  ssr: { resolve: { conditions: ["millrace"] } },
  resolve: { conditions: ["millrace"] },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 180_000,
    // Two cores: the services under test need one of them.
    maxWorkers: 2,
  },
});
