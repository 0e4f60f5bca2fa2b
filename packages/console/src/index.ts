export * from "./contract.ts";
export { extendHistory } from "./history.ts";

/** Where the built page is: `index.html` and `assets/`. The same from the source and from the compiled package. */
export const pageDirectory = new URL("../dist/page/", import.meta.url);
