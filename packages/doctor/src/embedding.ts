import { type AwsCredentialsProvider, awsCredentials, openSecret } from "@millrace/connections";
import { type EmbeddingSettings, openAiDimensions } from "@millrace/shared";
import type { Surroundings } from "./diagnose.ts";
import type { Examination, StepCheck } from "./examination.ts";
import { secretNeeds } from "./needs.ts";
import type { CheckFailure } from "./report.ts";
import type { DoctorSettings } from "./subject.ts";
import { quote, type ServerAnswer, urlChecks, urlNames } from "./url.ts";

/** Describes the local embedder; rejects if it can't load its weights. */
export type AskLocalModel = (signal: AbortSignal) => Promise<{ model: string; dimensions: number }>;

type ExaminedEmbedding = EmbeddingSettings & Pick<DoctorSettings, "AWS_ROLE_SESSION_NAME">;

/**
 * Embeds one word: only a real request distinguishes a wrong key from an exhausted quota.
 *
 * @param askLocalModel describes the embedder of this process; absent outside embed, where the local provider has no
 * check
 */
export function examineEmbedding(
  settings: ExaminedEmbedding,
  { credentials = awsCredentials(settings.AWS_ROLE_SESSION_NAME) }: Pick<Surroundings, "credentials">,
  askLocalModel?: AskLocalModel,
): Examination[] {
  if (!usesOpenAi(settings)) return askLocalModel ? [examineLocal(askLocalModel)] : [];
  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: url, OPENAI_EMBEDDING_MODEL: model } = settings;
  let answer: ServerAnswer<string> | undefined;
  const authentication: StepCheck = {
    step: "authentication",
    tried: `POST ${url}/embeddings with ${key === undefined ? "the secret's key" : "OPENAI_API_KEY"}`,
    async run(signal) {
      const secret = key ?? (await readSecret(settings, credentials, signal));
      if (typeof secret !== "string") return secret;
      answer = await embedProbe(settings, secret, signal);
      return refusalOfKey(answer) ?? `HTTP ${answer.status}`;
    },
  };
  const authorization: StepCheck = {
    step: "authorization",
    tried: `POST ${url}/embeddings, model ${model}`,
    run: async () => refusalOfUse(answer) ?? "quota and model are available",
  };
  const probe: StepCheck = {
    step: "probe",
    tried: `the vector of one word, model ${model}`,
    run: async () => readDimensions(answer?.body ?? "", openAiDimensions(settings)),
  };
  const examination: Examination = {
    dependency: "embedding",
    names: {
      ...urlNames("OPENAI_BASE_URL", url, { ca: "NODE_EXTRA_CA_CERTS", ports: "OpenAI's API listens on 443" }),
      model,
    },
    checks: [...urlChecks(url), authentication, authorization, probe],
  };
  return [examination];
}

type ProviderChoice = Partial<
  Pick<EmbeddingSettings, "EMBEDDING_PROVIDER" | "OPENAI_API_KEY" | "OPENAI_API_KEY_SECRET_ARN">
>;

export function usesOpenAi(settings: ProviderChoice): boolean {
  const { EMBEDDING_PROVIDER: provider, OPENAI_API_KEY: key, OPENAI_API_KEY_SECRET_ARN: secret } = settings;
  return provider === "openai" || (provider === undefined && (key ?? secret) !== undefined);
}

function examineLocal(ask: AskLocalModel): Examination {
  const run = async (signal: AbortSignal): Promise<string | CheckFailure> => {
    try {
      const { model, dimensions } = await ask(signal);
      return `${model}, ${dimensions} dimensions`;
    } catch (error) {
      return { code: "embedding_weights_missing", said: error instanceof Error ? error.message : String(error) };
    }
  };
  return { dependency: "embedding", names: {}, checks: [{ step: "probe", tried: "load the local embedder", run }] };
}

async function readSecret(
  settings: ExaminedEmbedding,
  credentials: AwsCredentialsProvider,
  signal: AbortSignal,
): Promise<string | CheckFailure> {
  const { OPENAI_API_KEY_SECRET_ARN: arn = "", OPENAI_API_KEY_SECRET_FIELD: field } = settings;
  const read = await openSecret({ arn, field }, credentials, settings.OPENAI_TIMEOUT_MS);
  const outcome = await read(signal);
  if ("value" in outcome) return outcome.value;
  const said = outcome.fault.cause;
  const tried = `secretsmanager:GetSecretValue on ${arn}`;
  if (/lacks secretsmanager:GetSecretValue/.test(said)) {
    return { code: "secret_denied", said, tried, missing: secretNeeds(settings) };
  }
  return { code: "secret_unusable", said, tried };
}

async function embedProbe(settings: ExaminedEmbedding, key: string, signal: AbortSignal) {
  const { OPENAI_BASE_URL: url, OPENAI_EMBEDDING_MODEL: model, OPENAI_EMBEDDING_DIMENSIONS: dimensions } = settings;
  const response = await fetch(`${url}/embeddings`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model,
      input: ["probe"],
      encoding_format: "base64",
      ...(dimensions !== undefined && { dimensions }),
    }),
    signal,
  });
  // Some servers echo the key that they refuse.
  return { status: response.status, body: (await response.text()).replaceAll(key, "[secret]") };
}

function refusalOfKey({ status, body }: ServerAnswer<string>): CheckFailure | undefined {
  if (status === 401) return { code: "embedding_key_refused", said: quote(status, body) };
  if (status === 403) return { code: "embedding_forbidden", said: quote(status, body) };
  return undefined;
}

/** https://platform.openai.com/docs/guides/error-codes: an exhausted quota and a rate limit both answer 429. */
function refusalOfUse(answer: ServerAnswer<string> | undefined): CheckFailure | undefined {
  const { status, body } = answer ?? { status: 0, body: "" };
  if (status < 300) return undefined;
  const said = quote(status, body);
  if (status === 429) {
    return { code: /insufficient_quota/.test(body) ? "embedding_quota_exceeded" : "embedding_rate_limited", said };
  }
  if (status === 404 || /model_not_found/.test(body)) return { code: "embedding_model_unknown", said };
  return { code: /dimensions/.test(body) && status === 400 ? "embedding_dimensions" : "failed", said };
}

function readDimensions(body: string, expected: number | undefined): string | CheckFailure {
  const [, vector] = /"embedding"\s*:\s*"([A-Za-z0-9+/=]+)"/.exec(body) ?? [];
  if (vector === undefined) return { code: "failed", said: "the response contains no vector in base64" };
  const dimensions = Buffer.from(vector, "base64").length / 4;
  if (expected !== undefined && dimensions !== expected) {
    return { code: "embedding_dimensions", said: `${dimensions} dimensions instead of ${expected}` };
  }
  return `${dimensions} dimensions`;
}
