/** The response's body, or the problem as a sentence for the user. */
export type ApiResult<Body> = { body: Body } | { problem: string };

/** Requests from the api that served this page; trusts its responses to match its OpenAPI document. */
export async function ask<Body>(path: string, init?: RequestInit): Promise<ApiResult<Body>> {
  try {
    const response = await fetch(path, { ...init, signal: init?.signal ?? AbortSignal.timeout(20_000) });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) return { body: body as Body };
    const { title, detail } = (body ?? {}) as { title?: string; detail?: string };
    return { problem: detail ?? title ?? `the api responded with ${response.status}` };
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    return { problem: late ? "the api did not respond in time" : "the api is unreachable" };
  }
}

export function post<Body>(path: string, body: unknown): Promise<ApiResult<Body>> {
  return ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}
