import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import { bodyOf, isolated, openTestApp } from "./support.ts";

await using api = openTestApp(isolated());

interface Operation {
  summary?: string;
  responses: Record<string, { description: string; content?: Record<string, { schema?: unknown }> }>;
}
interface Document {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
}

const document = await bodyOf<Document>(await api.app.request("/openapi.json"));

test("the document is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate(structuredClone(document) as unknown as Record<string, unknown>);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
});

test("every route of the api is in the document", () => {
  const undocumented = /^\/(docs.*|openapi\.json|assets\/.*)?$/;
  const routes = api.app.routes.filter(({ method, path }) => method !== "ALL" && !undocumented.test(path));
  const paths = routes.map(({ path }) => path.replaceAll(/:(\w+)/g, "{$1}"));
  expect(new Set(Object.keys(document.paths))).toEqual(new Set(paths));
});

test("every operation documents its responses, problems included", () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const operation of Object.values(operations)) {
      expect(operation.summary, path).toBeTruthy();
      for (const response of Object.values(operation.responses)) {
        expect(Object.values(response.content ?? {})[0]?.schema, path).toBeDefined();
      }
    }
  }
  const statuses = (path: string, method: string) => Object.keys(document.paths[path]?.[method]?.responses ?? {});
  expect(statuses("/publish", "post")).toEqual(["202", "400", "413", "415", "422", "500", "503", "504"]);
  expect(statuses("/search", "get")).toEqual(["200", "400", "500", "503", "504"]);
  expect(statuses("/status/{id}", "get")).toEqual(["200", "400", "404", "500", "503", "504"]);
  expect(statuses("/health", "get")).toEqual(["200", "500", "503", "504"]);
});

test("the page loads everything from the api, under a strict policy", async () => {
  const response = await api.app.request("/docs");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'self'");
  const page = await response.text();
  const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? "");
  expect(addresses).toHaveLength(4);
  for (const address of addresses) {
    expect(address).toMatch(/^\/docs\//);
    const file = await api.app.request(address);
    expect(file.status, address).toBe(200);
    expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(50);
  }
});
