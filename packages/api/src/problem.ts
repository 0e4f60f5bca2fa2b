import { z } from "@hono/zod-openapi";
import { commonProblemKinds, PROBLEM_MEDIA_TYPE, Problem, type ProblemKinds, problemMembers } from "@millrace/shared";

/** All kinds of problems of the api. The key is the last part of the problem's `type`. */
export const problemKinds = {
  ...commonProblemKinds,
  "foreign-origin": { status: 403, title: "Cross-site request refused" },
  "unknown-message": { status: 404, title: "Message not found" },
  "unknown-topic": { status: 404, title: "Topic not found" },
  "in-progress": { status: 409, title: "Request already in progress" },
  "too-many-topics": { status: 409, title: "Topic limit reached" },
  "other-request": { status: 422, title: "Idempotency-Key already used" },
  "topic-refused": { status: 503, title: "Kafka refused to create the topic" },
  "nothing-indexed": { status: 503, title: "Nothing has been indexed yet" },
} as const satisfies ProblemKinds;
export type ProblemKind = keyof typeof problemKinds;

/** Thrown to respond with one of the api's problems. */
export class HttpProblem extends Problem<ProblemKind> {
  constructor(
    kind: ProblemKind,
    detail: string,
    extensions?: Record<string, unknown>,
    headers?: Record<string, string>,
  ) {
    super({ kind, ...problemKinds[kind] }, detail, extensions, headers);
  }
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

/** Describes the problems of a route for the OpenAPI document. */
export function describeProblems(details: Partial<Record<ProblemKind, string>>) {
  const responses: Record<number, ReturnType<typeof describeProblem>> = {};
  for (const [kind, detail] of Object.entries({ ...details, ...everywhere }) as [ProblemKind, string][]) {
    const { status } = problemKinds[kind];
    const before = responses[status];
    if (before) before.content[PROBLEM_MEDIA_TYPE].examples[kind] = exampleOf(kind, detail);
    else responses[status] = describeProblem(kind, detail);
  }
  return responses;
}

const everywhere: Partial<Record<ProblemKind, string>> = {
  internal: "unexpected error; the log has the cause",
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
      [PROBLEM_MEDIA_TYPE]: {
        schema: problemSchema,
        examples: { [kind]: exampleOf(kind, detail) } as Record<string, ReturnType<typeof exampleOf>>,
      },
    },
  };
}

function exampleOf(kind: ProblemKind, detail: string) {
  return { value: { ...problemMembers({ kind, ...problemKinds[kind] }, detail), instance: "/…" } };
}
