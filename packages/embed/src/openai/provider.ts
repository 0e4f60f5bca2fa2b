import { bisect, poison, retryable, SpareMemory } from "@millrace/shared";
import OpenAI from "openai";
import type { Account } from "../account.ts";
import type { ProviderSettings } from "../config.ts";
import type { Embedded, EmbeddingOutcome, EmbeddingProvider, EmbedOptions, ProviderAnswer } from "../provider.ts";
import { enter } from "./account.ts";
import { classify, type Refusal } from "./fault.ts";
import { readAnswer } from "./read-answer.ts";
import { readBody } from "./read-body.ts";

type OpenAISettings = Extract<ProviderSettings, { provider: "openai" }> & { apiKey: string };

/** A text that every embeddings model takes: if even this is refused, it is the configuration's fault. */
const HARMLESS_TEXT = "probe";

/** Any server that speaks OpenAI's embeddings API; vectors come as base64 and never become a number array. */
export function createOpenAIProvider(settings: OpenAISettings): EmbeddingProvider {
  return new OpenAIProvider(settings);
}

class OpenAIProvider implements EmbeddingProvider {
  #settings: OpenAISettings;
  #client: OpenAI;
  #spare = new SpareMemory();

  constructor(settings: OpenAISettings) {
    this.#settings = settings;
    this.#client = new OpenAI({
      apiKey: settings.apiKey,
      baseURL: settings.baseUrl,
      timeout: settings.timeoutMs,
      // The stage retries, visibly and without end.
      maxRetries: 0,
    });
  }

  async embed(texts: readonly string[], options: EmbedOptions = {}): Promise<ProviderAnswer> {
    options.signal?.throwIfAborted();
    const account: Account = { requests: 0, tokens: 0, allowances: {} };
    return { ...(await this.#embed(texts, account, options)), account };
  }

  /** A refused request is halved until the input that it was refused for stands alone. */
  async #embed(texts: readonly string[], account: Account, options: EmbedOptions): Promise<EmbeddingOutcome> {
    const { signal } = options;
    const parts: Embedded[] = [];
    const attempt = async (some: readonly string[]) => {
      // Parts are put together below: they need no memory of the caller's.
      const outcome = await this.#request(some, account, some === texts ? options : { signal });
      return "refused" in outcome ? { refusal: outcome.refused } : { taken: outcome };
    };
    for await (const part of bisect(texts, attempt)) {
      const outcome = "taken" in part ? part.taken : await this.#refuseAlone(part.refusal, account, signal);
      if ("fault" in outcome) return outcome;
      parts.push(outcome);
    }
    return joined(parts);
  }

  /** The input is poison if the server takes another one; else its configuration is wrong. */
  async #refuseAlone(refused: string, account: Account, signal: AbortSignal | undefined): Promise<EmbeddingOutcome> {
    const harmless = await this.#request([HARMLESS_TEXT], account, { signal });
    if ("refused" in harmless) return { fault: retryable("misconfigured", harmless.refused) };
    if ("fault" in harmless) return harmless;
    const { model, dimensions } = harmless;
    const failed = [{ index: 0, fault: poison("rejected", refused) }];
    return { model, dimensions, vectors: new Float32Array(0), failed };
  }

  async #request(
    texts: readonly string[],
    account: Account,
    { signal: stop, allocate = newVectors }: EmbedOptions,
  ): Promise<EmbeddingOutcome | Refusal> {
    const { model, expectedDimensions: dimensions, timeoutMs } = this.#settings;
    account.requests++;
    try {
      // The client's own time limit ends with the headers.
      const timeout = AbortSignal.timeout(timeoutMs);
      const signal = stop ? AbortSignal.any([stop, timeout]) : timeout;
      const answer = await this.#client.embeddings.create(this.#parameters(texts), { signal }).asResponse();
      const expected = { count: texts.length, model, dimensions };
      const read = await readBody(answer.body ?? [], this.#spare, (body) => readAnswer(body, expected, allocate));
      if ("fault" in read) enter(account, answer.headers);
      else enter(account, answer.headers, read.tokens);
      return "fault" in read ? read : read.embedded;
    } catch (error) {
      stop?.throwIfAborted();
      if (error instanceof OpenAI.APIError) enter(account, error.headers);
      const outcome = classify(error, this.#settings.apiKey);
      return "refused" in outcome ? outcome : { fault: outcome };
    }
  }

  #parameters(texts: readonly string[]): OpenAI.EmbeddingCreateParams {
    const { model, requestedDimensions } = this.#settings;
    return {
      model,
      input: [...texts],
      encoding_format: "base64",
      ...(requestedDimensions !== undefined && { dimensions: requestedDimensions }),
    };
  }
}

function newVectors(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(length);
}

/** The outcome of all texts from those of their parts, in order. */
function joined(parts: readonly Embedded[]): EmbeddingOutcome {
  const [first, ...others] = parts;
  if (!first) throw new Error("no text was embedded");
  if (others.length === 0) return first;
  const vectors = new Float32Array(parts.reduce((length, part) => length + part.vectors.length, 0));
  const failed: Embedded["failed"] = [];
  let [texts, position] = [0, 0];
  for (const part of parts) {
    vectors.set(part.vectors, position);
    position += part.vectors.length;
    for (const { index, fault } of part.failed) failed.push({ index: texts + index, fault });
    texts += part.failed.length + part.vectors.length / part.dimensions;
  }
  return { model: first.model, dimensions: first.dimensions, vectors, failed };
}
