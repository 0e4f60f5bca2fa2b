import { EmbeddingsServer } from "./server.ts";

const port = await new EmbeddingsServer().listen();
// It must not outlive whoever started it, however that ends.
process.on("disconnect", () => process.exit(0));
process.send?.({ port });
