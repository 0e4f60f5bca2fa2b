import { z } from "zod";
import { described, variable } from "./config.ts";
import { dimensionsOf } from "./embedding-models.ts";

/** The embeddings model and its price. */
export const modelSettings = {
  OPENAI_EMBEDDING_MODEL: described(z.string().default("text-embedding-3-small"), "Embeddings model."),
  OPENAI_EMBEDDING_DIMENSIONS: described(
    variable.integer(1, 65_536).optional(),
    "Dimensions to request; default: the model's own.",
  ),
  EMBEDDING_PRICE_USD_PER_MILLION_TOKENS: described(
    variable.dollars().optional(),
    "Price for cost estimates and the budget; default: the model's list price.",
  ),
};

/** Where vectors come from. */
export const embeddingSettings = {
  EMBEDDING_PROVIDER: described(
    z.enum(["openai", "local"]).optional(),
    "openai, or local (no key, no network); default: openai if a key is set, else local.",
  ),
  OPENAI_API_KEY: z.string().optional().meta({ description: "OpenAI API key.", secret: true }),
  OPENAI_API_KEY_SECRET_ARN: described(
    z
      .string()
      .regex(/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$/, { error: "not the ARN of a secret" })
      .optional(),
    "ARN of the AWS Secrets Manager secret that holds the key, instead of OPENAI_API_KEY.",
  ),
  OPENAI_API_KEY_SECRET_FIELD: described(
    z.string().optional(),
    "Field of a JSON secret that holds the key; default: the whole secret is the key.",
  ),
  OPENAI_API_KEY_REFRESH_S: described(
    variable.integer(1, 86_400).default(300),
    "Interval between reads of that secret; it is also read again when the API rejects the key.",
  ),
  OPENAI_BASE_URL: described(
    variable.url().default("https://api.openai.com/v1"),
    "Base URL of a server with OpenAI's embeddings API.",
  ),
  ...modelSettings,
  OPENAI_TIMEOUT_MS: described(variable.integer(100, 600_000).default(30_000), "Timeout of one embeddings request."),
};
export type EmbeddingSettings = z.output<z.ZodObject<typeof embeddingSettings>>;

type KeySettings = Pick<
  EmbeddingSettings,
  "EMBEDDING_PROVIDER" | "OPENAI_API_KEY" | "OPENAI_API_KEY_SECRET_ARN" | "OPENAI_API_KEY_SECRET_FIELD"
>;

/** Rejects two sources of the key: whichever won, an operator might check the other one. */
export function checkEmbeddingKey(config: KeySettings, context: z.core.$RefinementCtx): void {
  const refuse = (variable: keyof KeySettings, message: string): void =>
    context.addIssue({ code: "custom", path: [variable], message });
  const { OPENAI_API_KEY: key, OPENAI_API_KEY_SECRET_ARN: secret, OPENAI_API_KEY_SECRET_FIELD: field } = config;
  if (key !== undefined && secret !== undefined) {
    refuse("OPENAI_API_KEY_SECRET_ARN", "conflicts with OPENAI_API_KEY; set only one of them");
  }
  if (field !== undefined && secret === undefined) {
    refuse("OPENAI_API_KEY_SECRET_ARN", "required by OPENAI_API_KEY_SECRET_FIELD");
  }
  if (config.EMBEDDING_PROVIDER === "openai" && key === undefined && secret === undefined) {
    refuse(
      "OPENAI_API_KEY",
      "EMBEDDING_PROVIDER is openai: set the key, OPENAI_API_KEY_SECRET_ARN, or EMBEDDING_PROVIDER=local",
    );
  }
}

/** The dimensions of OpenAI's vectors; `undefined` for an unknown model. */
export function openAiDimensions(settings: EmbeddingSettings): number | undefined {
  return settings.OPENAI_EMBEDDING_DIMENSIONS ?? dimensionsOf(settings.OPENAI_EMBEDDING_MODEL);
}
