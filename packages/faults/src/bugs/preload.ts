import { type BugName, bugs } from "./bugs.ts";
import { plant } from "./plant.ts";

// Loaded into a pipeline process by `--import`: `preload.ts?drop-on-429`.
plant(bugs[new URL(import.meta.url).search.slice(1) as BugName].replacements);
