export * from "./contract.ts";
export { extendHistory } from "./history.ts";

/** The built page: `index.html` and `assets/`. The same path from the source and from the compiled package. */
export const pageDirectory = new URL("../dist/page/", import.meta.url);
