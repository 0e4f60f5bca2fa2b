import type { MiddlewareHandler } from "hono";
import { HttpProblem } from "./problem.ts";

/**
 * Refuses cross-site requests of browsers (CSRF): a page elsewhere must not change anything through a visitor who can
 * reach this api. Non-browser clients send neither header and pass.
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
 */
export const sameOrigin: MiddlewareHandler = async (context, next) => {
  const site = context.req.header("sec-fetch-site");
  const origin = context.req.header("origin");
  const foreign =
    site !== undefined ? site !== "same-origin" : origin !== undefined && !isHere(origin, context.req.url);
  if (foreign) throw new HttpProblem("foreign-origin", "only the api's own pages and non-browser clients may do this");
  await next();
};

/** Ignores the scheme, as a proxy may terminate TLS. */
function isHere(origin: string, url: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
}
