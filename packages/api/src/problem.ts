import { z } from "@hono/zod-openapi";
import type { Context } from "hono";

/** All kinds of problems. The key is the last part of the problem's `type`. */
export const problemKinds = {
  "malformed-body": { status: 400, title: "Malformed request body" },
  "invalid-parameter": { status: 400, title: "Invalid parameter" },
  "foreign-origin": { status: 403, title: "Cross-site request refused" },
  unauthenticated: { status: 401, title: "Authentication required" },
  forbidden: { status: 403, title: "Permission denied" },
  "no-such-route": { status: 404, title: "Route not found" },
  "unknown-message": { status: 404, title: "Message not found" },
  "unknown-topic": { status: 404, title: "Topic not found" },
  "method-not-allowed": { status: 405, title: "Method not allowed" },
  "in-progress": { status: 409, title: "Request already in progress" },
  "too-many-topics": { status: 409, title: "Topic limit reached" },
  "too-large": { status: 413, title: "Request body too large" },
  "unsupported-media-type": { status: 415, title: "Unsupported content type" },
  "invalid-body": { status: 422, title: "Invalid request body" },
  "other-request": { status: 422, title: "Idempotency-Key already used" },
  "rate-limited": { status: 429, title: "Too many requests" },
  internal: { status: 500, title: "Internal error" },
  unavailable: { status: 503, title: "A required service is unavailable" },
  "topic-refused": { status: 503, title: "Kafka refused to create the topic" },
  "nothing-indexed": { status: 503, title: "Nothing has been indexed yet" },
  timeout: { status: 504, title: "Request timed out" },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemKind = keyof typeof problemKinds;

/** A fault in the request, at a JSON Pointer (RFC 6901) into the body or in a parameter. */
export interface RequestError {
  path: string;
  message: string;
}

/** RFC 9457, extended by `errors` for invalid parts of the request. */
export const problemSchema = z
  .object({
    type: z.string().openapi({ description: "A URI that identifies the kind of problem." }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().openapi({ description: "The requested path." }),
    errors: z
      .array(
        z.object({
          path: z.string().openapi({ description: "A JSON Pointer into the body, or a parameter's name." }),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .openapi("Problem");

/** Seconds to wait before a retry while another service is unavailable. */
const RETRY_AFTER_S = 5;

/** Thrown to respond with a problem; `app.ts` turns it into the response. */
export class HttpProblem extends Error {
  override name = "HttpProblem";
  readonly kind: ProblemKind;
  /** Members in addition to those of RFC 9457. */
  readonly extensions: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    kind: ProblemKind,
    detail: string,
    extensions: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(detail);
    this.kind = kind;
    this.extensions = extensions;
    this.headers = headers;
  }
}

export function problemResponse(context: Context, problem: HttpProblem): Response {
  const { status, title } = problemKinds[problem.kind];
  const body = {
    ...problemHead(problem.kind, title, status),
    detail: problem.message,
    instance: context.req.path,
    ...problem.extensions,
  };
  return context.body(JSON.stringify(body), status, {
    "content-type": "application/problem+json",
    ...(status === 503 && { "retry-after": String(RETRY_AFTER_S) }),
    ...problem.headers,
  });
}

function problemHead(kind: ProblemKind, title: string, status: number) {
  return { type: `urn:millrace:problem:${kind}`, title, status };
}

/** Describes the problems of a route for the OpenAPI document. */
export function describeProblems(details: Partial<Record<ProblemKind, string>>) {
  const responses: Record<number, ReturnType<typeof describeProblem>> = {};
  for (const [kind, detail] of Object.entries({ ...details, ...everywhere }) as [ProblemKind, string][]) {
    const { status } = problemKinds[kind];
    const before = responses[status];
    if (before) before.content["application/problem+json"].examples[kind] = exampleOf(kind, detail);
    else responses[status] = describeProblem(kind, detail);
  }
  return responses;
}

const everywhere: Partial<Record<ProblemKind, string>> = {
  internal: "unexpected error; the api's log has the cause",
  timeout: "no response within 10000 ms",
};

function describeProblem(kind: ProblemKind, detail: string) {
  const { status, title } = problemKinds[kind];
  const retryAfter = {
    "Retry-After": { schema: { type: "integer" as const }, description: "Seconds to wait before a retry." },
  };
  return {
    description: title,
    ...((status === 503 || status === 429) && { headers: retryAfter }),
    content: {
      "application/problem+json": {
        schema: problemSchema,
        examples: { [kind]: exampleOf(kind, detail) } as Record<string, ReturnType<typeof exampleOf>>,
      },
    },
  };
}

function exampleOf(kind: ProblemKind, detail: string) {
  const { status, title } = problemKinds[kind];
  return { value: { ...problemHead(kind, title, status), detail, instance: "/…" } };
}

/** @param root the path to the validated value within the body */
export function requestErrors(error: z.ZodError, root: readonly PropertyKey[] = []): RequestError[] {
  return error.issues.map((issue) => ({ path: jsonPointer([...root, ...issue.path]), message: issue.message }));
}

export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
