import { type BugName, bugs } from "./bugs.ts";
import { plant } from "./plant.ts";

// Loaded by `--import` into a process of the pipeline: `preload.ts?drop-on-429`.
plant(bugs[new URL(import.meta.url).search.slice(1) as BugName].replacements);
