import { z } from "zod";
import { described, variable } from "./config.ts";
import { dimensionsOf } from "./embedding-models.ts";

/** The embeddings model, and what it costs. */
export const modelSettings = {
  OPENAI_EMBEDDING_MODEL: described(z.string().default("text-embedding-3-small"), "Model."),
  OPENAI_EMBEDDING_DIMENSIONS: described(
    variable.integer(1, 65_536).optional(),
    "Dimensions to ask for; absent: the model's own.",
  ),
  EMBEDDING_PRICE_USD_PER_MILLION_TOKENS: described(
    variable.dollars().optional(),
    "Price by which dollars are counted; absent: the list price of the model.",
  ),
};

/** Where vectors come from. */
export const embeddingSettings = {
  EMBEDDING_PROVIDER: described(
    z.enum(["openai", "local"]).optional(),
    "openai, or local (no key, no network); absent: openai where there is a key, else local.",
  ),
  OPENAI_API_KEY: z.string().optional().meta({ description: "Key of the OpenAI API.", secret: true }),
  OPENAI_API_KEY_SECRET_ARN: described(
    z
      .string()
      .regex(/^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+$/, { error: "not the ARN of a secret" })
      .optional(),
    "ARN of the secret in AWS Secrets Manager that holds the key, instead of OPENAI_API_KEY.",
  ),
  OPENAI_API_KEY_SECRET_FIELD: described(
    z.string().optional(),
    "Field of that secret where it is a JSON object; absent: the secret is the key itself.",
  ),
  OPENAI_API_KEY_REFRESH_S: described(
    variable.integer(1, 86_400).default(300),
    "Time between two reads of that secret; it is also read again when the API refuses the key.",
  ),
  OPENAI_BASE_URL: described(
    variable.url().default("https://api.openai.com/v1"),
    "Any server that speaks OpenAI's embeddings API.",
  ),
  ...modelSettings,
  OPENAI_TIMEOUT_MS: described(variable.integer(100, 600_000).default(30_000), "Time for one embeddings request."),
};
export type EmbeddingSettings = z.output<z.ZodObject<typeof embeddingSettings>>;

type KeySettings = Pick<
  EmbeddingSettings,
  "EMBEDDING_PROVIDER" | "OPENAI_API_KEY" | "OPENAI_API_KEY_SECRET_ARN" | "OPENAI_API_KEY_SECRET_FIELD"
>;

/** The key comes from one place: whichever would win of two, somebody would look for it at the other. */
export function checkEmbeddingKey(config: KeySettings, context: z.core.$RefinementCtx): void {
  const refuse = (variable: keyof KeySettings, message: string): void =>
    context.addIssue({ code: "custom", path: [variable], message });
  const { OPENAI_API_KEY: key, OPENAI_API_KEY_SECRET_ARN: secret, OPENAI_API_KEY_SECRET_FIELD: field } = config;
  if (key !== undefined && secret !== undefined) {
    refuse("OPENAI_API_KEY_SECRET_ARN", "contradicts OPENAI_API_KEY; leave one of them out");
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

/** The dimensions of OpenAI's vectors; absent for a model that is not known. */
export function openAiDimensions(settings: EmbeddingSettings): number | undefined {
  return settings.OPENAI_EMBEDDING_DIMENSIONS ?? dimensionsOf(settings.OPENAI_EMBEDDING_MODEL);
}
