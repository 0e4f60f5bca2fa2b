import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** By the last part of the problem's `type`. */
export type ProblemKinds = Readonly<Record<string, { status: ContentfulStatusCode; title: string }>>;

/** The problems of every HTTP service. */
export const commonProblemKinds = {
  "malformed-body": { status: 400, title: "Malformed request body" },
  "invalid-parameter": { status: 400, title: "Invalid parameter" },
  unauthenticated: { status: 401, title: "Authentication required" },
  forbidden: { status: 403, title: "Permission denied" },
  "no-such-route": { status: 404, title: "Route not found" },
  "method-not-allowed": { status: 405, title: "Method not allowed" },
  "too-large": { status: 413, title: "Request body too large" },
  "unsupported-media-type": { status: 415, title: "Unsupported content type" },
  "invalid-body": { status: 422, title: "Invalid request body" },
  "rate-limited": { status: 429, title: "Too many requests" },
  internal: { status: 500, title: "Internal error" },
  unavailable: { status: 503, title: "A required service is unavailable" },
  timeout: { status: 504, title: "Request timed out" },
} as const satisfies ProblemKinds;

/** A fault in the request, at a JSON Pointer (RFC 6901) into the body or in a parameter. */
export interface RequestError {
  path: string;
  message: string;
}

/** Thrown to respond with problem details (RFC 9457). */
export class Problem<Kind extends string = string> extends Error {
  override name = "Problem";
  readonly kind: Kind;
  readonly status: ContentfulStatusCode;
  readonly title: string;
  /** Members in addition to those of RFC 9457, such as `errors`. */
  readonly extensions: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    { kind, status, title }: { kind: Kind; status: ContentfulStatusCode; title: string },
    detail: string,
    extensions: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(detail);
    this.kind = kind;
    this.status = status;
    this.title = title;
    this.extensions = extensions;
    this.headers = headers;
  }
}

/** The members of RFC 9457, without `extensions`. */
export function problemMembers({ kind, title, status }: Pick<Problem, "kind" | "title" | "status">, detail: string) {
  return { type: `urn:millrace:problem:${kind}`, title, status, detail };
}

/** Seconds to wait before a retry while another service is unavailable. */
const RETRY_AFTER_S = 5;

export function problemResponse(context: Context, problem: Problem): Response {
  const members = { ...problemMembers(problem, problem.message), instance: context.req.path };
  return context.body(JSON.stringify({ ...members, ...problem.extensions }), problem.status, {
    "content-type": PROBLEM_MEDIA_TYPE,
    ...(problem.status === 503 && { "retry-after": String(RETRY_AFTER_S) }),
    ...problem.headers,
  });
}

/** Maps an error to a problem. Passes bugs to `logBug`: their cause is never sent to the client. */
export function problemOf(error: Error, context: Context, logBug: (error: Error) => void): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException && error.cause instanceof Problem) return error.cause;
  if (context.req.raw.signal.aborted && (error as NodeJS.ErrnoException).code === "ECONNRESET") {
    // The client disconnected before it had sent its whole body; no one reads this response.
    return commonProblem("malformed-body", "the request body is incomplete");
  }
  logBug(error);
  return commonProblem("internal", "unexpected error; the log has the cause");
}

/** The exception for Hono's timeout middleware. */
export function timeoutException(timeoutMs: number): HTTPException {
  return new HTTPException(504, { cause: commonProblem("timeout", `no response within ${timeoutMs} ms`) });
}

function commonProblem(kind: keyof typeof commonProblemKinds, detail: string): Problem {
  return new Problem({ kind, ...commonProblemKinds[kind] }, detail);
}

/** @param root the path to the validated value within the body */
export function requestErrors(error: z.ZodError, root: readonly PropertyKey[] = []): RequestError[] {
  return error.issues.map((issue) => ({ path: jsonPointer([...root, ...issue.path]), message: issue.message }));
}

export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
