import { createRoute, z } from "@hono/zod-openapi";
import { describeProblems } from "../problem.ts";

const hitSchema = z
  .object({
    id: z.string(),
    score: z.number().openapi({ description: "Comparable only within the same response." }),
    text: z.string(),
    topic: z.string(),
    partition: z.int(),
    offset: z.int(),
    timestamp: z.string().openapi({ description: "Kafka's record timestamp, ISO 8601." }),
    highlight: z.string().optional().openapi({ description: "An HTML fragment with the matched words in <em>." }),
  })
  .openapi("Hit");
export type SearchHit = z.output<typeof hitSchema>;

const modes = ["semantic", "hybrid", "text"] as const;
export type SearchMode = (typeof modes)[number];

const searchSchema = z.object({
  mode: z.enum(modes),
  hits: z.array(hitSchema),
  degraded: z.string().optional().openapi({ description: "Why a hybrid search used words only." }),
});
export type SearchAnswer = z.output<typeof searchSchema>;

const exampleHit: SearchHit = {
  id: "messages-3-41",
  score: 0.82,
  text: "p-limit runs promise-returning functions with limited concurrency.",
  topic: "messages",
  partition: 3,
  offset: 41,
  timestamp: "2026-01-01T12:00:00.000Z",
};

const QUERY_MAX_LENGTH = 2_000;

export function describeSearch(maxHits: number) {
  return createRoute({
    method: "get",
    path: "/search",
    tags: ["search"],
    summary: "Search the messages",
    request: {
      query: z.strictObject({
        q: z
          .string()
          .trim()
          .min(1)
          .max(QUERY_MAX_LENGTH)
          .openapi({ description: "The search text.", example: "how do I limit concurrency?" }),
        mode: z.enum(modes).default("semantic").openapi({
          description:
            "semantic: nearest vectors (cosine); text: words (BM25); hybrid: both, combined by reciprocal rank fusion.",
        }),
        k: z.coerce
          .number()
          .int()
          .min(1)
          .max(maxHits)
          .default(Math.min(10, maxHits))
          .openapi({ description: "Maximum hits." }),
        topic: z
          .string()
          .regex(/^[a-zA-Z0-9._-]{1,249}$/)
          .optional()
          .openapi({ description: "Restrict the search to this topic." }),
      }),
    },
    responses: {
      200: {
        description: "The hits, best match first.",
        content: { "application/json": { schema: searchSchema, example: { mode: "semantic", hits: [exampleHit] } } },
      },
      ...describeProblems({
        "invalid-parameter": "a parameter is invalid",
        unavailable: "embed: connection refused",
        "nothing-indexed": "nothing has been indexed yet: publish a message first",
      }),
    },
  });
}
