import { OpenAPIHono, z } from "@hono/zod-openapi";
import { extendHistory, type HistoryPoint, type Snapshot } from "@millrace/console";
import { Broadcast, encodeEvent } from "../live/broadcast.ts";
import { describeProblems, HttpProblem } from "../problem.ts";

const INTERVAL_MS = 1_000;

/**
 * The console's live data. Reads nothing while no client is connected, so the history that a new client receives first
 * has gaps for those times.
 */
export function consoleFeedRoute(readSnapshot: () => Promise<Snapshot>, clientsMax: number): OpenAPIHono {
  let history: readonly HistoryPoint[] = [];
  const read = async (): Promise<Snapshot> => {
    const snapshot = await readSnapshot();
    history = extendHistory(history, snapshot);
    return snapshot;
  };
  const broadcast = new Broadcast(read, { intervalMs: INTERVAL_MS, clientsMax });
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/events",
    tags: ["pipeline"],
    summary: "Live state of the pipeline",
    description:
      "Server-sent events for the console: `history` once, then a `snapshot` about once a second, identical for all clients. " +
      "Rates are averages over ten seconds; latencies are the same as in GET /status.",
    responses: {
      200: {
        description: "Streams until the client disconnects or falls too far behind.",
        content: { "text/event-stream": { schema: z.string() } },
      },
      ...describeProblems({ unavailable: `the limit of ${clientsMax} clients is reached` }),
    },
  });
  app.get("/events", (context) => {
    const events = broadcast.listen(encodeEvent("history", history));
    if (!events) throw new HttpProblem("unavailable", `the limit of ${clientsMax} clients is reached`);
    return context.body(events, 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // Otherwise nginx buffers the events.
      "x-accel-buffering": "no",
    });
  });
  return app;
}
