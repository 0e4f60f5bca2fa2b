import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** A piece of the pipeline's source, and its replacement in a planted bug. */
export interface Replacement {
  /** Relative to the folder of the packages. */
  file: string;
  find: string;
  replace: string;
}

/** The text must occur exactly once: a planted bug that changes nothing would make the harness look blind. */
export function planted(source: string, { file, find, replace }: Replacement): string {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`the planted bug finds "${find}" ${parts.length - 1} times in ${file}`);
  return parts.join(replace);
}

export function urlOf({ file }: Replacement): URL {
  return new URL(`../../../${file}`, import.meta.url);
}

/** Changes modules of this process on load; the files stay unchanged. */
export function plant(replacements: readonly Replacement[]): void {
  for (const each of replacements) planted(readFileSync(fileURLToPath(urlOf(each)), "utf8"), each);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const meant = replacements.filter((each) => urlOf(each).href === url);
      if (meant.length === 0) return loaded;
      const source =
        typeof loaded.source === "string" ? loaded.source : Buffer.from(loaded.source as Buffer).toString();
      return { ...loaded, source: meant.reduce(planted, source) };
    },
  });
}
