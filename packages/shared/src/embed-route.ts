import { z } from "zod";
import { variable } from "./config.ts";

/** For each process that asks the embed process for the vector of a search text. */
export const embedRouteSettings = {
  EMBED_URL: variable
    .url()
    .default("http://127.0.0.1:8082")
    .meta({ description: "Where the embed process turns search texts into vectors." }),
};

/** What `POST /embed` with `{ "text": … }` answers; the vector is the base64 of little-endian float32. */
export const embedAnswerSchema = z.object({
  model: z.string(),
  dimensions: z.int().min(1).max(65_536),
  vector: z.base64(),
});
