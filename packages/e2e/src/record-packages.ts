/** For `--import`: writes the names of the packages that a process has loaded, as a JSON array, when it ends. */
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

const { PACKAGES_DIRECTORY: directory } = process.env;

// Threads inherit the option; theirs are not the process's own.
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
