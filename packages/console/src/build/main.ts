// Builds the page if it is missing or stale.
import { build } from "vite";
import { publishBuild } from "./publish-build.ts";
import { hashSource, isBuilt, pageSource } from "./source.ts";

const hash = hashSource();
if (!isBuilt(hash)) {
  // With a test's NODE_ENV the same source would yield another page.
  process.env.NODE_ENV = "production";
  await publishBuild(hash, async (directory) => {
    await build({
      configFile: false,
      root: pageSource,
      logLevel: "warn",
      oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
      build: {
        outDir: directory,
        emptyOutDir: true,
        target: ["es2023", "chrome123", "firefox121", "safari17.5"],
        // Inlined `data:` URLs would require a weaker content security policy.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
      },
    });
  });
}
