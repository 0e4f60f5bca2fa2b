import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Snapshot } from "@millrace/console";
import { ensureBuilt } from "@millrace/console/build";
import { type NetworkProxy, startProxy } from "@millrace/testbed";
import axe from "axe-core";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { publish } from "../src/api-client.ts";
import { openChromium } from "../src/chromium.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";
import { customerTexts } from "./messages.ts";

const screenshots = resolve(import.meta.dirname, "..", "screenshots");
const texts = customerTexts(200, "console");
const WAIT_MS = 20_000;
/** The page asks for a message before its progress is noted. */
const notKnownYet = /\(Not Found\) \S+\/status\/[^/]+$/;

let testbed: Testbed;
let opensearch: NetworkProxy;
let browser: Browser;
let page: Page;
/** Every request of the page. */
const requested: URL[] = [];
/** Errors in the page. */
const complaints: string[] = [];

beforeAll(async () => {
  await mkdir(screenshots, { recursive: true });
  const stack = inject("stack");
  opensearch = await startProxy(Number(new URL(stack.OPENSEARCH_ENDPOINT).port), { slowDelayMs: 600 });
  const [open] = await Promise.all([openChromium(), ensureBuilt()]);
  browser = open;
  testbed = await openTestbed(`console_${process.pid}`, {
    stack,
    logDirectory: await mkdtemp(join(tmpdir(), "millrace-e2e-")),
    environment: {
      OPENSEARCH_ENDPOINT: `http://127.0.0.1:${opensearch.port}`,
      // A slow connection adds 600 ms each way: more than this; the usual delay here is less.
      SLOW_OPERATION_MS: "1000",
      PRESENCE_INTERVAL_MS: "500",
    },
  });
  await publish(testbed.pipeline.api, texts);
  await testbed.untilRecorded(texts.length);
  page = await openPage({ width: 1440, height: 1000 });
});

afterAll(async () => {
  await browser?.close();
  await testbed?.[Symbol.asyncDispose]();
  await opensearch?.[Symbol.asyncDispose]();
});

async function openPage(viewport: { width: number; height: number }, colorScheme: "light" | "dark" = "light") {
  const opened = await browser.newPage({ viewport, colorScheme, reducedMotion: "reduce" });
  opened.setDefaultTimeout(WAIT_MS);
  opened.on("request", (request) => requested.push(new URL(request.url())));
  opened.on("pageerror", (error) => complaints.push(error.message));
  opened.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} ${message.location().url}`);
  });
  await opened.goto(testbed.pipeline.api.href);
  await opened.locator("[data-stage=sink] .status.ok").waitFor();
  return opened;
}

function stage(name: string): Locator {
  return page.locator(`[data-stage=${name}]`);
}

function eventually<Value>(read: () => Promise<Value>) {
  return expect.poll(read, { timeout: WAIT_MS, interval: 200 });
}

/** p50, p95, p99 and maximum of a sink operation, from GET /status. */
async function toldLatency(operation: string): Promise<number[]> {
  const response = await fetch(new URL("/status", testbed.pipeline.api));
  const { stages } = (await response.json()) as { stages: Snapshot["stages"] };
  const latency = stages.sink.latencies[operation];
  return latency ? [latency.p50Ms, latency.p95Ms, latency.p99Ms, latency.maxMs] : [];
}

function shownLatency(operation: string): Promise<number[]> {
  const cells = page.locator(`[data-operation='${operation}'] data`);
  return cells.evaluateAll((all) => all.map((each) => Number(each.getAttribute("value"))));
}

async function publishHere(text: string): Promise<Locator> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Control+Enter");
  const journey = page.locator(".journey").first();
  await journey.filter({ has: page.locator(".status") }).waitFor();
  return journey;
}

it("maps the stages, topics and stores, with the figures of GET /status", async () => {
  await eventually(() => page.getByRole("banner").getByRole("status").textContent()).toBe("All systems operational");
  for (const name of ["OpenSearch", "PostgreSQL", "Kafka", "Redis", "Embedding provider"]) {
    expect(await page.getByLabel("The pipeline").getByText(name, { exact: true }).isVisible(), name).toBe(true);
  }
  for (const topic of ["messages", "batches", "vectors"]) {
    expect(await page.locator(`.channel[data-topic*=${topic}] .lag`).textContent()).toMatch(/no lag|behind/);
  }
  // The display may be a few seconds old.
  await eventually(async () =>
    isDeepStrictEqual(await shownLatency("sink.batch"), await toldLatency("sink.batch")),
  ).toBe(true);
});

it("follows a message published here through the stages, live", async () => {
  const journey = await publishHere("My parcel for Porto is nowhere to be seen");
  await journey.getByText("stored").first().waitFor();
  await eventually(() => journey.locator(".reached").count()).toBe(4);
  const times = await journey.locator(".reached .when").allTextContents();
  expect(times[0]).toMatch(/^\d\d:\d\d:\d\d$/);
  for (const time of times.slice(1)) expect(time).toMatch(/^\+[\d.]+ (ms|s)$/);
  await eventually(async () => Number(await stage("sink").locator(".rate data").getAttribute("value"))).toBeGreaterThan(
    0,
  );
});

it.each([
  ["Meaning", "where is my parcel for Porto?"],
  ["Words", "parcel Porto"],
  ["Both", "parcel for Porto"],
])("searches by %s and highlights the matches", async (mode, query) => {
  await page.getByLabel("Query").fill(query);
  await page.getByLabel(mode, { exact: true }).check({ force: true });
  await page.getByRole("search").getByRole("button").click();
  // The last published message is in the index, and searchable a moment later.
  await eventually(async () => {
    await page.getByRole("search").getByRole("button").click();
    return page.locator(".hits li").first().textContent();
  }).toContain("nowhere to be seen");
  if (mode !== "Meaning") expect(await page.locator(".hits mark").allTextContents()).toContain("Porto");
});

it("lists dead letters, and replays one and all of them", async () => {
  const journey = await publishHere(" ");
  await journey.getByRole("status").getByText("dead-lettered").waitFor();
  expect(await journey.locator(".cause").textContent()).toContain("invalid");
  const id = await journey.getAttribute("data-id");
  const letter = page.locator(`.letters [data-id="${id}"]`);
  await letter.waitFor();
  await letter.getByRole("button").click();
  await page.getByText("1 message sent for replay.").waitFor();
  await publishHere("  ");
  await eventually(() => page.locator(".letters li").count()).toBe(2);
  await page.getByRole("button", { name: "Replay all" }).click();
  await page.getByRole("button", { name: "Replay 2 messages" }).click();
  await page.getByText("2 messages sent for replay.").waitFor();
  // They are still empty: each is dead-lettered again and keeps its single row.
  await eventually(async () => testbed.readBack.countRows()).toBe(texts.length + 3);
});

it("refuses a replay requested by another site's page", async () => {
  const { status } = await fetch(new URL("/dead-letters/replay", testbed.pipeline.api), {
    method: "POST",
    headers: { "content-type": "application/json", origin: "https://elsewhere.example" },
    body: JSON.stringify({ ids: ["messages-0-0"] }),
  });
  expect(status).toBe(403);
});

it("plots latencies and throughput, and shows the latest values", async () => {
  await page.getByRole("button", { name: "Bulk write to OpenSearch" }).click();
  expect(await page.locator("#latency canvas").count()).toBe(3);
  await publishHere("One more, so that there is something to draw");
  await eventually(() => page.locator("#latency .latest").first().textContent()).toMatch(/^[\d.]+ m?s$/);
});

it("shows the doctor's findings at the start of each process", async () => {
  await eventually(async () => {
    await page.reload();
    await page.locator("#doctor article, #doctor .empty").first().waitFor();
    return page.locator("#doctor h3").count();
  }).toBe(4);
  expect(await page.locator("#doctor li .status.ok").count()).toBeGreaterThan(8);
});

it("works by keyboard alone, with visible focus", async () => {
  const fresh = await openPage({ width: 1440, height: 1000 });
  await fresh.keyboard.press("Tab");
  expect(await fresh.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the pipeline");
  const reached: string[] = [];
  for (let step = 0; step < 40; step++) {
    await fresh.keyboard.press("Tab");
    const [name, outline] = await fresh.evaluate(() => {
      const element = document.activeElement;
      // After the last one, the focus moves to the browser's own controls.
      if (!element || element === document.body) return ["nothing"];
      const drawn = element.matches("input[type=radio]") ? element.nextElementSibling : element;
      return [
        element.id || element.textContent?.trim() || element.tagName,
        drawn && getComputedStyle(drawn).outlineStyle,
      ];
    });
    reached.push(String(name));
    if (name !== "nothing") expect(outline, String(name)).toBe("solid");
  }
  expect(reached).toEqual(expect.arrayContaining(["message", "Publish", "query", "Search", "Replay all"]));
  await fresh.close();
});

it.each([
  ["desktop-light", { width: 1440, height: 1000 }, "light"],
  ["desktop-dark", { width: 1440, height: 1000 }, "dark"],
  ["phone-light", { width: 390, height: 844 }, "light"],
  ["phone-dark", { width: 390, height: 844 }, "dark"],
] as const)("has no accessibility violations by axe: %s", async (name, viewport, colorScheme) => {
  const fresh = await openPage(viewport, colorScheme);
  await fresh.getByLabel("Query").fill("parcel");
  await fresh.getByRole("search").getByRole("button").click();
  await fresh.locator(".hits li").first().waitFor();
  // The page's policy forbids inline scripts; scripts evaluated by the tester are not inline.
  await fresh.evaluate(axe.source);
  const { violations } = await fresh.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  const overflow = await fresh.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  const scrolled = fresh.getByLabel("Latencies by operation");
  expect(await scrolled.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
  await fresh.evaluate(() => scrollTo(0, 0));
  await fresh.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  await fresh.close();
});

it("keeps the chosen colours, over the system's", async () => {
  const fresh = await openPage({ width: 1440, height: 1000 }, "light");
  const ground = () => fresh.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await fresh.getByLabel("Dark").check({ force: true });
  const dark = await ground();
  expect(dark).not.toBe(light);
  await fresh.reload();
  expect(await ground()).toBe(dark);
  await fresh.close();
});

it("shows the slow bulk write within ten seconds, and what is unavailable", async () => {
  await page.screenshot({ path: join(screenshots, "calm.png") });
  opensearch.mode = "slow";
  const until = performance.now() + 10_000;
  while (performance.now() < until && !(await stage("sink").textContent())?.includes("sink.bulk_write")) {
    await publish(testbed.pipeline.api, ["slowly"]);
    await page.waitForTimeout(200);
  }
  expect(await stage("sink").textContent()).toMatch(/sink.*slow.*sink\.bulk_write takes \d+ ms \(opensearch\)/);
  expect(await page.getByRole("banner").getByRole("status").textContent()).toContain("sink");
  await page.screenshot({ path: join(screenshots, "slow.png") });
  opensearch.mode = "cut";
  await publish(testbed.pipeline.api, ["not now"]);
  await eventually(() => stage("sink").textContent()).toContain("waiting for opensearch");
  await page.screenshot({ path: join(screenshots, "away.png") });
  opensearch.mode = "pass";
  await eventually(() => stage("sink").getAttribute("class")).toBe("card ok");
});

it("requests only its own api, and never violated its policy", () => {
  expect(requested.length).toBeGreaterThan(20);
  expect(new Set(requested.map(({ origin }) => origin))).toEqual(new Set([testbed.pipeline.api.origin]));
  expect(complaints.filter((complaint) => !notKnownYet.test(complaint))).toEqual([]);
});
