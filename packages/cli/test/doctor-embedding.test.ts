import { diagnose, examineCommon, examineEmbedding, type Surroundings } from "@millrace/doctor";
import { embeddingSettings, readConfiguration } from "@millrace/shared";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { readSubject } from "../src/doctor/subjects.ts";
import {
  expectVerdict,
  failedOf,
  key,
  listenAsSts,
  listenHttp,
  listenSilently,
  PATIENCE_MS,
  type SetUp,
} from "./doctor-support.ts";

const SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:openai-AbCdEf";

/** OpenAI's API; the path of the base URL chooses the response. https://platform.openai.com/docs/guides/error-codes */
const openAi = await listenHttp((request, response) => {
  const [, wanted = ""] = (request.url ?? "").split("/");
  const [status, body] = answers[wanted] ?? [404, { error: { message: "Not found" } }];
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});
const error = (message: string, code: string | null, type = "invalid_request_error") => ({
  error: { message, type, param: null, code },
});
const vectorOf = (dimensions: number) => ({
  data: [{ object: "embedding", index: 0, embedding: Buffer.alloc(4 * dimensions, 1).toString("base64") }],
});
const answers: Record<string, [number, unknown]> = {
  well: [200, vectorOf(1_536)],
  "wrong-key": [
    401,
    error("Incorrect API key provided: sk-s3cret-key. You can find your API key at …", "invalid_api_key"),
  ],
  forbidden: [403, error("Project does not have access to model text-embedding-3-small", "model_not_found")],
  quota: [
    429,
    error("You exceeded your current quota, please check your plan.", "insufficient_quota", "insufficient_quota"),
  ],
  rate: [429, error("Rate limit reached for text-embedding-3-small", "rate_limit_exceeded", "requests")],
  model: [404, error("The model `text-embedding-9` does not exist", "model_not_found")],
  "refused-dimensions": [400, error("Invalid value for 'dimensions' = 4096. Must be at most 1536.", null)],
  "wrong-dimensions": [200, vectorOf(768)],
};
const silent = await listenSilently();
const sts = await listenAsSts();
const secrets = await listenHttp((_, response) => {
  const Message = `User: arn:aws:sts::123456789012:assumed-role/embed/millrace is not authorized to perform: secretsmanager:GetSecretValue`;
  const headers = { "content-type": "application/x-amz-json-1.1" };
  response.writeHead(400, headers).end(JSON.stringify({ __type: "AccessDeniedException", Message }));
});
afterAll(() => Promise.all([openAi, silent, sts, secrets].map((each) => each[Symbol.asyncDispose]())));

const openAiAt = (path: string, port = openAi.port) => ({
  OPENAI_API_KEY: "sk-s3cret-key",
  OPENAI_BASE_URL: `http://127.0.0.1:${port}/${path}`,
});
const base = { subject: "embed" } as const;

const setUps: Record<string, SetUp> = {
  "a wrong key": {
    ...base,
    environment: openAiAt("wrong-key"),
    verdict: ["embedding", "authentication", "embedding_key_refused"],
    remedy: "Check OPENAI_API_KEY, and that it belongs to OPENAI_BASE_URL.",
  },
  "a key that may not use the model": {
    ...base,
    environment: openAiAt("forbidden"),
    verdict: ["embedding", "authentication", "embedding_forbidden"],
    remedy:
      "Give the key's project permission for embeddings and for text-embedding-3-small; then check the region and the IP allowlist.",
  },
  "an exhausted quota": {
    ...base,
    environment: openAiAt("quota"),
    verdict: ["embedding", "authorization", "embedding_quota_exceeded"],
    remedy: "Add credit or raise the limit at the provider. Until then the pipeline waits and loses nothing.",
  },
  "a reached rate limit": {
    ...base,
    environment: openAiAt("rate"),
    verdict: ["embedding", "authorization", "embedding_rate_limited"],
    remedy: "It recovers by itself. If it persists, lower EMBED_CONCURRENCY or request a higher limit.",
  },
  "a model that does not exist": {
    ...base,
    environment: { ...openAiAt("model"), OPENAI_EMBEDDING_MODEL: "text-embedding-9" },
    verdict: ["embedding", "authorization", "embedding_model_unknown"],
    remedy: "Check OPENAI_EMBEDDING_MODEL (text-embedding-9) and OPENAI_BASE_URL, which usually ends in /v1.",
  },
  "dimensions that the model does not support": {
    ...base,
    environment: { ...openAiAt("refused-dimensions"), OPENAI_EMBEDDING_DIMENSIONS: "4096" },
    verdict: ["embedding", "authorization", "embedding_dimensions"],
    remedy: "Set OPENAI_EMBEDDING_DIMENSIONS to a size that the model supports.",
  },
  "dimensions other than requested": {
    ...base,
    environment: openAiAt("wrong-dimensions"),
    verdict: ["embedding", "probe", "embedding_dimensions"],
    remedy: "Set OPENAI_EMBEDDING_DIMENSIONS to a size that the model supports.",
  },
  "an API that does not answer": {
    ...base,
    environment: openAiAt("v1", silent.port),
    verdict: ["embedding", "authentication", "no_answer"],
    remedy:
      "It is overloaded or stopped, or something else listens at OPENAI_BASE_URL: check its metrics and log. --timeout allows more time.",
  },
  "https to a server without TLS": {
    ...base,
    environment: { ...openAiAt("v1"), OPENAI_BASE_URL: `https://127.0.0.1:${openAi.port}/v1` },
    verdict: ["embedding", "tls", "tls_not_spoken"],
    remedy:
      "Set OPENAI_BASE_URL to the service's TLS port, or disable TLS with OPENAI_BASE_URL (http or https). IAM requires TLS.",
  },
};
test.each(Object.entries(setUps))("%s", (_, setUp) => expectVerdict(setUp));

test("the role may not read the secret", async () => {
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = `http://127.0.0.1:${secrets.port}`;
  await expectVerdict({
    ...base,
    environment: {
      OPENAI_API_KEY_SECRET_ARN: SECRET_ARN,
      OPENAI_BASE_URL: openAiAt("well").OPENAI_BASE_URL,
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${sts.port}`,
    },
    credentials: key,
    verdict: ["embedding", "authentication", "secret_denied"],
    remedy:
      "Allow secretsmanager:GetSecretValue as below, and kms:Decrypt if the secret is encrypted with a customer managed KMS key.",
    missing: {
      "secretsmanager:GetSecretValue": ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:openai-AbCdEf"],
    },
  });
});

test.each([
  ["with a working key all pass", { ...process.env, ...openAiAt("well") }, undefined, []],
  ["the local embedder with its weights", process.env, async () => ({ model: "local", dimensions: 256 }), []],
  [
    "the local embedder without its weights",
    process.env,
    async () => {
      throw new Error("ENOENT: no such file or directory, open 'static.safetensors'");
    },
    ["embedding"],
  ],
])("%s", async (_, environment, askLocalModel, failed) => {
  const { settings } = readSubject("embed", environment);
  const config = readConfiguration(z.object(embeddingSettings), environment);
  const examinationsOf = (surroundings: Surroundings) => [
    ...examineCommon("embed", settings, surroundings),
    ...examineEmbedding({ ...settings, ...config }, surroundings, askLocalModel),
  ];
  const report = await diagnose("embed", settings, examinationsOf, { limitMs: () => PATIENCE_MS });
  expect(failedOf(report)).toEqual(failed);
  expect(report.dependencies.map(({ dependency }) => dependency)).toContain("embedding");
  const [code] = report.dependencies.flatMap(({ failure }) => failure?.code ?? []);
  expect(code).toBe(failed.length > 0 ? "embedding_weights_missing" : undefined);
});
