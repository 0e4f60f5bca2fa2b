import { embedAnswerSchema } from "@millrace/shared";
import { z } from "zod";
import { attempt } from "../outcome.ts";
import type { QueryEmbedder } from "../search/search.ts";

const refusalSchema = z.object({ error: z.string().catch("no reason given") });
/** The text itself is invalid, for example too long for the model. */
const UNPROCESSABLE = 422;

/** Embeds search texts through the embed process, the only one with the embedding provider's key. */
export function createQueryEmbedder(embedUrl: string, timeoutMs: number): QueryEmbedder {
  return {
    async embed(text) {
      const outcome = await attempt(async (): Promise<Awaited<ReturnType<QueryEmbedder["embed"]>>> => {
        const response = await fetch(`${embedUrl}/embed`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ text }),
          signal: AbortSignal.timeout(timeoutMs),
        });
        if (response.status === UNPROCESSABLE) return { refused: await reasonOf(response) };
        if (!response.ok) throw new Error(`status ${response.status}: ${await reasonOf(response)}`);
        const { model, dimensions, vector } = embedAnswerSchema.parse(await response.json());
        return { value: { model, vector: decodeVector(vector, dimensions) } };
      }, timeoutMs);
      return "fault" in outcome ? outcome : outcome.value;
    },
  };
}

/** @returns `dimensions` float32 values, decoded from base64 of their little-endian bytes */
function decodeVector(base64: string, dimensions: number): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length !== dimensions * Float32Array.BYTES_PER_ELEMENT) {
    throw new Error(`received ${bytes.length} bytes for ${dimensions} dimensions`);
  }
  return Float32Array.from({ length: dimensions }, (_, index) =>
    bytes.readFloatLE(index * Float32Array.BYTES_PER_ELEMENT),
  );
}

async function reasonOf(response: Response): Promise<string> {
  const { error } = refusalSchema.parse(await response.json().catch(() => ({})));
  return error.slice(0, 500);
}
