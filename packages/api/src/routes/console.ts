import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { pageDirectory } from "@millrace/console";
import { type Context, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** An asset's name contains a hash of its content. */
const FOR_EVER = "public, max-age=31536000, immutable";
/** The page refers to the assets by name, so browsers must revalidate it. */
const EACH_TIME = "no-cache";

const contentSecurity = secureHeaders({
  // The api serves plain HTTP and doesn't know whether a proxy terminates TLS.
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    fontSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** Serves the built console from memory, or explains how to build it. */
export function consoleRoutes(directory = fileURLToPath(pageDirectory)): Hono {
  const app = new Hono();
  const page = join(directory, "index.html");
  if (!existsSync(page)) {
    app.get("/", (context) =>
      context.text(
        "The console is not built. Run npm run console and restart the api. The API documentation is at /docs.\n",
        503,
      ),
    );
    return app;
  }
  app.get("/", contentSecurity, serveFile(page, EACH_TIME));
  const assets = join(directory, "assets");
  for (const name of readdirSync(assets)) {
    app.get(`/assets/${name}`, contentSecurity, serveFile(join(assets, name), FOR_EVER));
  }
  return app;
}

function serveFile(file: string, cacheControl: string): (context: Context) => Response {
  const content = readFileSync(file);
  const isText = extname(file) !== ".woff2";
  const compressed = isText ? gzipSync(content, { level: 9 }) : content;
  const headers = {
    "content-type": mediaTypes[extname(file)] ?? "application/octet-stream",
    "cache-control": cacheControl,
    ...(isText && { vary: "accept-encoding" }),
  };
  return (context) => {
    const gzip = isText && /\bgzip\b/.test(context.req.header("accept-encoding") ?? "");
    return context.body(gzip ? compressed : content, 200, { ...headers, ...(gzip && { "content-encoding": "gzip" }) });
  };
}
