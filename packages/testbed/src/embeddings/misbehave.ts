import type { ServerResponse } from "node:http";
import { answerBody, fail, send, sendHalf } from "./answer.ts";
import type { EmbeddingsRequest } from "./request.ts";
import type { EmbeddingsFault } from "./settings.ts";
import { base64Of, type VectorSpace } from "./vectors.ts";

const RETRY_AFTER_S = 1;
const CLOSE_AFTER_MS = 50;

/** Responds wrongly or not at all; vectors are sent as base64. */
export function misbehave(
  fault: EmbeddingsFault,
  asked: EmbeddingsRequest,
  space: VectorSpace,
  response: ServerResponse,
): void {
  const vectors = asked.input.map((text) => space.vectorOf(text));
  const bodyOf = (wrong: readonly Float32Array[]): string =>
    answerBody(
      asked,
      wrong.map((vector) => `"${base64Of(vector)}"`),
    );
  switch (fault) {
    case "rate-limit":
      response.setHeader("retry-after", RETRY_AFTER_S);
      fail(response, 429, "Rate limit reached");
      break;
    case "error":
      fail(response, 500, "The server had an error");
      break;
    case "hang":
      break;
    case "stall":
      sendHalf(response, bodyOf(vectors));
      break;
    case "close":
      sendHalf(response, bodyOf(vectors));
      setTimeout(() => response.destroy(), CLOSE_AFTER_MS);
      break;
    case "wrong-count":
      send(response, bodyOf(vectors.slice(1)));
      break;
    case "wrong-dimensions":
      send(response, bodyOf(vectors.map((vector) => vector.slice(1))));
      break;
    case "not-a-number":
      vectors[0]?.fill(Number.NaN);
      send(response, bodyOf(vectors));
      break;
    default:
      fault satisfies never;
  }
}
