import { poison, retryable, SpareMemory } from "@millrace/shared";
import OpenAI from "openai";
import type { Account } from "../account.ts";
import type { ProviderSettings } from "../config.ts";
import type { EmbeddingOutcome, EmbeddingProvider, EmbedOptions } from "../provider.ts";
import { enter } from "./account.ts";
import { classify, type Refusal } from "./fault.ts";
import { readAnswer } from "./read-answer.ts";
import { readBody } from "./read-body.ts";

type OpenAISettings = Extract<ProviderSettings, { provider: "openai" }> & { apiKey: string };

/** A text that every embeddings model takes: if even this is refused, it is the configuration's fault. */
const HARMLESS_TEXT = "probe";

/** Any server that speaks OpenAI's embeddings API; vectors come as base64 and never become a number array. */
export function createOpenAIProvider(settings: OpenAISettings): EmbeddingProvider {
  const client = new OpenAI({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl,
    timeout: settings.timeoutMs,
    // The stage retries, visibly and without end.
    maxRetries: 0,
  });

  const spare = new SpareMemory();

  const request = async (
    texts: readonly string[],
    account: Account,
    { signal: stop, allocate = newVectors }: EmbedOptions,
  ): Promise<EmbeddingOutcome | Refusal> => {
    account.requests++;
    try {
      const { model, expectedDimensions: dimensions } = settings;
      // The client's own time limit ends with the headers.
      const timeout = AbortSignal.timeout(settings.timeoutMs);
      const signal = stop ? AbortSignal.any([stop, timeout]) : timeout;
      const asked: OpenAI.EmbeddingCreateParams = {
        model,
        input: [...texts],
        encoding_format: "base64",
        ...(settings.requestedDimensions !== undefined && { dimensions: settings.requestedDimensions }),
      };
      const answer = await client.embeddings.create(asked, { signal }).asResponse();
      const expected = { count: texts.length, model, dimensions };
      const read = await readBody(answer.body ?? [], spare, (body) => readAnswer(body, expected, allocate));
      if ("fault" in read) enter(account, answer.headers);
      else enter(account, answer.headers, read.tokens);
      return "fault" in read ? read : read.embedded;
    } catch (error) {
      stop?.throwIfAborted();
      if (error instanceof OpenAI.APIError) enter(account, error.headers);
      const outcome = classify(error, settings.apiKey);
      return "refused" in outcome ? outcome : { fault: outcome };
    }
  };

  /** A refused request is halved until the input that it was refused for stands alone. */
  const embed = async (
    texts: readonly string[],
    account: Account,
    options: EmbedOptions,
  ): Promise<EmbeddingOutcome> => {
    const outcome = await request(texts, account, options);
    if (!("refused" in outcome)) return outcome;
    // What is put together from parts needs no memory of the caller's for each.
    const { signal } = options;
    if (texts.length > 1) return embedHalves(texts, (half) => embed(half, account, { signal }));
    const harmless = await request([HARMLESS_TEXT], account, { signal });
    if ("refused" in harmless) return { fault: retryable("misconfigured", harmless.refused) };
    if ("fault" in harmless) return harmless;
    const { model, dimensions } = harmless;
    return {
      model,
      dimensions,
      vectors: new Float32Array(0),
      failed: [{ index: 0, fault: poison("rejected", outcome.refused) }],
    };
  };
  return {
    async embed(texts, options = {}) {
      options.signal?.throwIfAborted();
      const account: Account = { requests: 0, tokens: 0, allowances: {} };
      return { ...(await embed(texts, account, options)), account };
    },
  };
}

function newVectors(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(length);
}

async function embedHalves(
  texts: readonly string[],
  embed: (half: readonly string[]) => Promise<EmbeddingOutcome>,
): Promise<EmbeddingOutcome> {
  const middle = Math.ceil(texts.length / 2);
  const first = await embed(texts.slice(0, middle));
  if ("fault" in first) return first;
  const second = await embed(texts.slice(middle));
  if ("fault" in second) return second;
  const vectors = new Float32Array(first.vectors.length + second.vectors.length);
  vectors.set(first.vectors);
  vectors.set(second.vectors, first.vectors.length);
  const failed = [...first.failed, ...second.failed.map(({ index, fault }) => ({ index: index + middle, fault }))];
  return { model: second.model, dimensions: second.dimensions, vectors, failed };
}
