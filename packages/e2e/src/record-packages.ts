/** For `--import`: when the process ends, writes the names of its loaded packages as a JSON array. */
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

const { PACKAGES_DIRECTORY: directory } = process.env;

// Threads inherit the option; their packages are not the process's own.
if (isMainThread && directory !== undefined) {
  const packages = new Set<string>();
  registerHooks({
    load(url, context, next) {
      const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
      if (name !== undefined) packages.add(name);
      return next(url, context);
    },
  });
  process.on("exit", () => writeFileSync(join(directory, `${process.pid}.json`), JSON.stringify([...packages])));
}
