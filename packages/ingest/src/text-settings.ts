import { described, documentSettings, variable } from "@millrace/shared";
import { z } from "zod";

/** Where the text of a source message is, and how large it may be. */
export const textSettings = {
  ...documentSettings,
  TEXT_FIELD: described(
    z
      .string()
      .regex(/^(\/([^~/]|~[01])*)*$/, { error: "not a JSON Pointer (RFC 6901), such as /text" })
      .optional(),
    "JSON Pointer to the text in a JSON message, such as /text; absent: the whole value is the text.",
  ),
  MESSAGE_MAX_BYTES: described(
    variable.integer(1, 67_108_864).default(1_048_576),
    "A longer message is dead-lettered as too_long.",
  ),
  EMBEDDING_INPUT_MAX_TOKENS: described(
    variable.integer(1, 1_000_000).default(8_192),
    "A text of more tokens (cl100k_base) is dead-lettered as too_long; OpenAI's limit is 8,192.",
  ),
};
export type TextSettings = z.output<z.ZodObject<typeof textSettings>>;
