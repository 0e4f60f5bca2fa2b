import type { Log } from "@millrace/shared";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { HttpRequests } from "./http-requests.ts";
import { elapsedMs } from "./probe.ts";

/** One line a request: the route's pattern, not the path, and never a query text or a body. */
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

/** A service that is away is no bug, and a client's mistake is none of ours. */
function severityOf(status: number): "ok" | "retry" | "failed" {
  if (status === 500) return "failed";
  return status > 500 ? "retry" : "ok";
}
