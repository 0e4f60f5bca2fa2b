import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** Sets the CORS headers for the allowed origins. Without origins it sets none, so only the api's own pages may call. */
export function crossOrigin(origins: readonly string[] = []): MiddlewareHandler {
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "POST"],
    allowHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
    exposeHeaders: ["Retry-After", "WWW-Authenticate"],
    maxAge: 600,
  });
}
