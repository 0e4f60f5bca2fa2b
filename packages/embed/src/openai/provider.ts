import { poison, type RetryableFault, retryable } from "@millrace/shared/fault";
import OpenAI from "openai";
import type { ProviderSettings } from "../config.ts";
import type { Embedded, EmbeddingOutcome, EmbeddingProvider } from "../provider.ts";
import { classify, type Refusal } from "./fault.ts";
import { readAnswer } from "./read-answer.ts";

type OpenAISettings = Extract<ProviderSettings, { provider: "openai" }>;

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

  const request = async (texts: readonly string[]): Promise<Embedded | { fault: RetryableFault } | Refusal> => {
    try {
      const { model, expectedDimensions: dimensions } = settings;
      // The client's own time limit ends with the headers.
      const signal = AbortSignal.timeout(settings.timeoutMs);
      const asked: OpenAI.EmbeddingCreateParams = {
        model,
        input: [...texts],
        encoding_format: "base64",
        ...(settings.requestedDimensions !== undefined && { dimensions: settings.requestedDimensions }),
      };
      const answer = await client.embeddings.create(asked, { signal }).asResponse();
      const body = Buffer.from(await answer.arrayBuffer());
      return readAnswer(body, { count: texts.length, model, dimensions });
    } catch (error) {
      const outcome = classify(error, settings.apiKey);
      return "refused" in outcome ? outcome : { fault: outcome };
    }
  };

  /** A refused request is halved until the input that it was refused for stands alone. */
  const embed = async (texts: readonly string[]): Promise<EmbeddingOutcome> => {
    const outcome = await request(texts);
    if (!("refused" in outcome)) return outcome;
    if (texts.length > 1) return embedHalves(texts, embed);
    const harmless = await request([HARMLESS_TEXT]);
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
  return { embed };
}

async function embedHalves(texts: readonly string[], embed: EmbeddingProvider["embed"]): Promise<EmbeddingOutcome> {
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
