import type { Log } from "@millrace/shared";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { HttpRequests } from "./http-requests.ts";
import { elapsedMs } from "./probe.ts";

/** Logs one line per request, with the route's pattern instead of the path, and never a query text or a body. */
export function requestLog(log: Log, requests: HttpRequests): MiddlewareHandler {
  return async (context, next) => {
    const startedAt = performance.now();
    await next();
    const { status } = context.res;
    const route = matchedRoutes(context).findLast(({ method }) => method !== "ALL")?.path ?? "none";
    const request = { method: context.req.method, route, status };
    requests.answered(request);
    log.record("api.request", severityOf(status), elapsedMs(startedAt), request);
  };
}

/** Only a 500 is a bug of ours: an unavailable service is retried, and a 4xx is the client's mistake. */
function severityOf(status: number): "ok" | "retry" | "failed" {
  if (status === 500) return "failed";
  return status > 500 ? "retry" : "ok";
}
