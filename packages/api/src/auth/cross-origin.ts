import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** Tells browsers which pages may call; without any origin the headers are left out, and only its own pages may. */
export function crossOrigin(origins: readonly string[] = []): MiddlewareHandler {
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "POST"],
    allowHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"],
    exposeHeaders: ["Retry-After", "WWW-Authenticate"],
    maxAge: 600,
  });
}
