import { type Verdict, verdict } from "./verdict.ts";

export const embeddingVerdicts = {
  secret_denied: verdict(
    "authentication",
    "The role may not read the secret that holds the key.",
    "Allow secretsmanager:GetSecretValue as below, and kms:Decrypt where the secret has a KMS key of its own.",
  ),
  secret_unusable: verdict(
    "authentication",
    "The secret that holds the key can't be used.",
    "Check OPENAI_API_KEY_SECRET_ARN and OPENAI_API_KEY_SECRET_FIELD, and that the secret has a value.",
  ),
  embedding_key_refused: verdict(
    "authentication",
    "The embeddings API refused the key.",
    "Check OPENAI_API_KEY, and that it belongs to OPENAI_BASE_URL.",
  ),
  embedding_forbidden: verdict(
    "authentication",
    "The key may not use embeddings, or not from here.",
    "Give the key's project the embeddings permission and {model}; then look at the region and the IP allowlist.",
  ),
  embedding_quota_exceeded: verdict(
    "authorization",
    "The account has no credit left; waiting does not help.",
    "Add credit or raise the limit at the provider. Until then the pipeline waits, and loses nothing.",
  ),
  embedding_rate_limited: verdict(
    "authorization",
    "The rate limit is reached at this moment.",
    "It passes by itself. Where it stays so, lower EMBED_CONCURRENCY or have the limit raised.",
  ),
  embedding_model_unknown: verdict(
    "authorization",
    "The provider has no such model for this key.",
    "Check OPENAI_EMBEDDING_MODEL ({model}) and OPENAI_BASE_URL, which ends in /v1 as a rule.",
  ),
  embedding_dimensions: verdict(
    "probe",
    "The vectors have other dimensions than were asked for.",
    "Set OPENAI_EMBEDDING_DIMENSIONS to what the model can give.",
  ),
  embedding_weights_missing: verdict(
    "probe",
    "The local embedder can't load its weights.",
    "Restore packages/embed/model, which is part of the repository and of the embed image, or set OPENAI_API_KEY.",
  ),
} as const satisfies Record<string, Verdict>;
