import { parseJson } from "@millrace/shared";
import { countTokens } from "gpt-tokenizer/encoding/cl100k_base";
import { z } from "zod";
import { DIMENSIONS_MIN } from "./vectors.ts";

/** https://platform.openai.com/docs/api-reference/embeddings/create */
const INPUTS_MAX = 2_048;
const INPUT_MAX_TOKENS = 8_192;
const REQUEST_MAX_TOKENS = 300_000;

/** The models, and their default dimensions. */
const models: Record<string, number> = {
  "text-embedding-3-small": 1_536,
  "text-embedding-3-large": 3_072,
};

const requestSchema = z.object({
  model: z.enum(Object.keys(models)),
  input: z.union([
    z
      .string()
      .min(1)
      .transform((text) => [text]),
    z.array(z.string().min(1)).min(1).max(INPUTS_MAX),
  ]),
  encoding_format: z.enum(["float", "base64"]).default("float"),
  dimensions: z.int().min(DIMENSIONS_MIN).optional(),
});

export interface EmbeddingsRequest {
  model: string;
  input: readonly string[];
  format: "float" | "base64";
  dimensions: number;
  tokens: number;
}

/** Parses a request, or returns why it is refused. */
export function readRequest(body: string): EmbeddingsRequest | { refused: string } {
  const { success, data, error } = requestSchema.safeParse(parseJson(body));
  if (!success) return { refused: error.issues.map(({ message, path }) => `${path.join(".")}: ${message}`).join("; ") };
  const { model, input, encoding_format: format } = data;
  const own = models[model] ?? 0;
  const dimensions = data.dimensions ?? own;
  if (dimensions > own) return { refused: `${model} has no more than ${own} dimensions` };
  const long = input.findIndex(isTooLong);
  if (long >= 0) return { refused: `input ${long}: maximum context length is ${INPUT_MAX_TOKENS} tokens` };
  const tokens = input.reduce((sum, text) => sum + estimatedTokens(text), 0);
  if (tokens > REQUEST_MAX_TOKENS)
    return { refused: `maximum request size is ${REQUEST_MAX_TOKENS} tokens per request` };
  return { model, input, format, dimensions, tokens };
}

/** The limits count by the server's own estimate, 0.25 token per UTF-8 byte, which costs nothing. */
export function estimatedTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

/** No token is shorter than a byte, so few texts must be counted. */
function isTooLong(text: string): boolean {
  return (
    Buffer.byteLength(text) > INPUT_MAX_TOKENS && countTokens(text, { disallowedSpecial: new Set() }) > INPUT_MAX_TOKENS
  );
}
