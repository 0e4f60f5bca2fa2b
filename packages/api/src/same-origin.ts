import type { MiddlewareHandler } from "hono";
import { HttpProblem } from "./problem.ts";

/**
 * Refuses a browser that another site's page sends here: a person who may reach this api must not be made to change
 * something by looking at a page elsewhere. Programs send neither header and are let through.
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

/** The scheme may differ: TLS may end in front of this process. */
function isHere(origin: string, url: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === new URL(url).host;
}
