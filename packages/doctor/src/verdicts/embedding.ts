import { type Verdict, verdict } from "./verdict.ts";

export const embeddingVerdicts = {
  secret_denied: verdict(
    "authentication",
    "The role may not read the secret with the API key.",
    "Allow secretsmanager:GetSecretValue as below, and kms:Decrypt if the secret is encrypted with a customer managed KMS key.",
  ),
  secret_unusable: verdict(
    "authentication",
    "The secret with the API key can't be used.",
    "Check OPENAI_API_KEY_SECRET_ARN and OPENAI_API_KEY_SECRET_FIELD, and that the secret has a value.",
  ),
  embedding_key_refused: verdict(
    "authentication",
    "The embeddings API refused the key.",
    "Check OPENAI_API_KEY, and that it belongs to OPENAI_BASE_URL.",
  ),
  embedding_forbidden: verdict(
    "authentication",
    "The key may not create embeddings, or not from here.",
    "Give the key's project permission for embeddings and for {model}; then check the region and the IP allowlist.",
  ),
  embedding_quota_exceeded: verdict(
    "authorization",
    "The account has no credit left; waiting does not help.",
    "Add credit or raise the limit at the provider. Until then the pipeline waits and loses nothing.",
  ),
  embedding_rate_limited: verdict(
    "authorization",
    "The rate limit is exhausted right now.",
    "It recovers by itself. If it persists, lower EMBED_CONCURRENCY or request a higher limit.",
  ),
  embedding_model_unknown: verdict(
    "authorization",
    "The provider has no such model for this key.",
    "Check OPENAI_EMBEDDING_MODEL ({model}) and OPENAI_BASE_URL, which usually ends in /v1.",
  ),
  embedding_dimensions: verdict(
    "probe",
    "The vectors have different dimensions from those requested.",
    "Set OPENAI_EMBEDDING_DIMENSIONS to a size that the model supports.",
  ),
  embedding_weights_missing: verdict(
    "probe",
    "The local embedder can't load its weights.",
    "Restore packages/embed/model, which is part of the repository and of the embed image, or set OPENAI_API_KEY.",
  ),
} as const satisfies Record<string, Verdict>;
