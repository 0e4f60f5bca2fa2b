import { EmbeddingsServer } from "./server.ts";

const port = await new EmbeddingsServer().listen();
// The server must not outlive its parent, however that ends.
process.on("disconnect", () => process.exit(0));
process.send?.({ port });
