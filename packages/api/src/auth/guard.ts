import { createMiddleware } from "hono/factory";
import { type Authenticate, type Caller, requireScope, type Scope } from "./authenticator.ts";
import type { RateLimiter } from "./rate-limiter.ts";

export interface AuthEdges {
  authenticate: Authenticate;
  rateLimit: RateLimiter;
}

export type CallerVariables = { Variables: { caller: Caller } };

/** Requires a token with the scope and enforces the rate limit. */
export function guard(edges: AuthEdges, scope: Scope) {
  return createMiddleware<CallerVariables>(async (context, next) => {
    context.set("caller", await admit(edges, bearerToken(context.req.header("authorization")), scope));
    await next();
  });
}

export async function admit({ authenticate, rateLimit }: AuthEdges, token: string | undefined, scope: Scope) {
  const caller = await authenticate(token);
  requireScope(caller, scope);
  if (caller.subject !== undefined) await rateLimit(caller.subject);
  return caller;
}

export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}
