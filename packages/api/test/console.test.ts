import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { consoleRoutes } from "../src/routes/console.ts";

const directory = await mkdtemp(join(tmpdir(), "millrace-page-"));

test("without a built page it explains how to build it", async () => {
  const response = await consoleRoutes(directory).request("/");
  expect(response.status).toBe(503);
  expect(await response.text()).toContain("npm run console");
});

test("browsers revalidate the page and cache its assets for good, and both have a strict policy", async () => {
  await mkdir(join(directory, "assets"));
  await writeFile(join(directory, "index.html"), "<!doctype html>");
  await writeFile(join(directory, "assets", "index-12345678.js"), "let page;");
  await writeFile(join(directory, "assets", "sans-12345678.woff2"), "font");
  const app = consoleRoutes(directory);
  const page = await app.request("/");
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("cache-control")).toBe("no-cache");
  const policy = page.headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).not.toContain("unsafe");
  const script = await app.request("/assets/index-12345678.js", { headers: { "accept-encoding": "br, gzip" } });
  expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(script.headers.get("content-encoding")).toBe("gzip");
  expect(gunzipSync(await script.arrayBuffer()).toString()).toBe("let page;");
  expect(await (await app.request("/assets/index-12345678.js")).text()).toBe("let page;");
  const font = await app.request("/assets/sans-12345678.woff2", { headers: { "accept-encoding": "gzip" } });
  expect(font.headers.get("content-type")).toBe("font/woff2");
  expect(await font.text()).toBe("font");
  expect((await app.request("/assets/../index.html")).status).toBe(404);
});
