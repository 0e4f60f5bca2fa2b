import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { secureHeaders } from "hono/secure-headers";

const require = createRequire(import.meta.url);

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Millrace API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

// No validator badge: it would be loaded from another site.
const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", validatorUrl: null, deepLinking: true });
`;

const mediaTypes = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
} as const;

/** Serves Swagger UI from this process, without requests to any other site. */
export function addDocumentation(app: OpenAPIHono): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "Required if AUTH_JWKS_URL or AUTH_HS256_SECRET is set.",
  });
  app.get("/openapi.json", (context) => context.json(openApiDocument(app)));
  app.use("/docs", contentSecurity);
  app.use("/docs/*", contentSecurity);
  app.get("/docs", (context) => context.html(page));
  app.get("/docs/start.js", (context) =>
    context.body(start, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );
  const directory = dirname(require.resolve("swagger-ui-dist/package.json"));
  for (const [file, mediaType] of Object.entries(mediaTypes)) {
    const content = readFileSync(join(directory, file));
    app.get(`/docs/${file}`, (context) =>
      context.body(content, 200, { "content-type": mediaType, "cache-control": "public, max-age=3600" }),
    );
  }
}

const contentSecurity = secureHeaders({
  // The api serves plain HTTP and doesn't know whether a proxy terminates TLS.
  strictTransportSecurity: false,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    // Swagger UI uses inline styles for its icons.
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", "data:"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

export function openApiDocument(app: OpenAPIHono): ReturnType<OpenAPIHono["getOpenAPI31Document"]> {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Millrace",
      version: (require("../../package.json") as { version: string }).version,
      description: "Kafka messages in; searchable vectors and an audit row for every message out.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "messages", description: "Publish, follow and replay messages." },
      { name: "events", description: "Publish, read and stream events." },
      { name: "search", description: "Search messages." },
      { name: "pipeline", description: "State of the stages and services." },
    ],
  });
}
