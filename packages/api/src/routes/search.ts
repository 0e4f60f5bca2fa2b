import { OpenAPIHono } from "@hono/zod-openapi";
import { elapsedMs } from "../probe.ts";
import { describeSearch } from "../search/openapi.ts";
import { type SearchEdges, search } from "../search/search.ts";

export function searchRoute(edges: SearchEdges, maxHits: number): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(describeSearch(maxHits), async (context) => {
    const startedAt = performance.now();
    const query = context.req.valid("query");
    const answer = await search(query, edges);
    edges.log.record("api.search", "ok", elapsedMs(startedAt), {
      mode: query.mode,
      hits: answer.hits.length,
      ...(answer.degraded && { degraded: answer.degraded }),
    });
    return context.json(answer, 200);
  });
  return app;
}
