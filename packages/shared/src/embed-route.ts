import { z } from "zod";
import { variable } from "./config.ts";

/** For each process that requests the vectors of search texts from the embed process. */
export const embedRouteSettings = {
  EMBED_URL: variable
    .url()
    .default("http://127.0.0.1:8082")
    .meta({ description: "URL of the embed process, which embeds search texts." }),
};

/** The response of `POST /embed` with `{ "text": … }`; the vector is little-endian float32 in base64. */
export const embedAnswerSchema = z.object({
  model: z.string(),
  dimensions: z.int().min(1).max(65_536),
  vector: z.base64(),
});
