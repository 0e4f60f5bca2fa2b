import type { ServerResponse } from "node:http";

/** @param embeddings each as JSON: a string of base64, or an array */
export function answerBody(asked: { model: string; tokens: number }, embeddings: readonly string[]): string {
  const data = embeddings.map((embedding, index) => `{"object":"embedding","index":${index},"embedding":${embedding}}`);
  const usage = JSON.stringify({ prompt_tokens: asked.tokens, total_tokens: asked.tokens });
  return `{"object":"list","data":[${data.join()}],"model":"${asked.model}","usage":${usage}}`;
}

export function send(response: ServerResponse, body: string): void {
  announce(response, body);
  // Pure ASCII; latin1 saves a pass over megabytes.
  response.end(body, "latin1");
}

/** Announces the whole body and sends its first half. */
export function sendHalf(response: ServerResponse, body: string): void {
  announce(response, body);
  response.write(body.slice(0, body.length / 2), "latin1");
}

export function fail(response: ServerResponse, status: number, message: string, code?: string): void {
  response.statusCode = status;
  send(response, JSON.stringify({ error: { message, type: "error", code: code ?? null, param: null } }));
}

function announce(response: ServerResponse, body: string): void {
  response.setHeader("content-type", "application/json");
  response.setHeader("content-length", body.length);
}
