import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { ensureBuilt } from "../src/build/ensure-built.ts";
import { hashSource, isBuilt } from "../src/build/source.ts";
import { pageDirectory } from "../src/index.ts";

const directory = fileURLToPath(pageDirectory);
beforeAll(ensureBuilt);

function files(): string[] {
  return ["index.html", ...readdirSync(join(directory, "assets")).map((name) => join("assets", name))];
}

test("builds the current source, and a second build changes nothing", async () => {
  expect(isBuilt(hashSource())).toBe(true);
  const page = readFileSync(join(directory, "index.html"), "utf8");
  await ensureBuilt();
  expect(readFileSync(join(directory, "index.html"), "utf8")).toBe(page);
});

test("the whole page is smaller than 150 kB compressed", () => {
  const sizes = files().map((file) => gzipSync(readFileSync(join(directory, file))).length);
  expect(sizes.length).toBeGreaterThan(5);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(150_000);
});

test("every asset's name has its hash, and the page has no external asset and no inline script", () => {
  for (const file of files().slice(1)) expect(file).toMatch(/-[\w-]{8}\.(js|css|svg|woff2)$/);
  const page = readFileSync(join(directory, "index.html"), "utf8");
  const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
  expect(addresses.length).toBeGreaterThan(2);
  for (const address of addresses) expect(address).toMatch(/^\/assets\//);
  expect(page).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=/);
});
