// Builds the page where it is missing or stale.
import { build } from "vite";
import { publishBuild } from "./publish-build.ts";
import { hashSource, isBuilt, pageSource } from "./source.ts";

const hash = hashSource();
if (!isBuilt(hash)) {
  // A test's own would make another page of the same source.
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
        // What is inlined as data: would need a weaker policy.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
      },
    });
  });
}
