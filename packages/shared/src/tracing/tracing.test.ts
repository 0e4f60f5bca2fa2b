import { createServer } from "node:http";
import { expect, test } from "vitest";
import type { Message } from "../records/message.ts";
import { openTracing } from "./open.ts";
import { noTracing } from "./tracing.ts";

const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function messageWith(traceparent?: string): Message {
  const text = Buffer.from("text");
  const headers = traceparent === undefined ? [] : ([["traceparent", Buffer.from(traceparent)]] as const);
  return { topic: "messages", partition: 0, offset: 1, timestampMs: 0, key: null, value: text, text, headers };
}

test("without an endpoint nothing is traced", async () => {
  expect(await openTracing("sink", "host-1", {})).toBe(noTracing);
  expect(noTracing.begin("sink.batch", [messageWith(sampled)])).toBeUndefined();
});

test("a batch is traced if one of its messages is; an invalid traceparent is ignored", async () => {
  await using tracing = await openTracing("sink", "host-1", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
  expect(tracing.begin("sink.batch", [])).toBeUndefined();
  expect(
    tracing.begin("sink.batch", [messageWith(), messageWith("00-0-0-01"), messageWith("nonsense")]),
  ).toBeUndefined();
  expect(tracing.begin("sink.batch", [messageWith(sampled.replace(/01$/, "00"))])).toBeUndefined();
  expect(tracing.begin("sink.batch", [messageWith(), messageWith(sampled)])).toBeDefined();
});

test("the api continues the caller's trace", async () => {
  await using tracing = await openTracing("api", "host-1", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" });
  const published = tracing.publish(sampled);
  expect(published?.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  expect(published?.traceparent).not.toBe(sampled);
  expect(tracing.publish(sampled.replace(/01$/, "00"))).toBeUndefined();
  // A new trace.
  expect(tracing.publish(undefined)?.traceparent).not.toContain("0af7651916cd43dd8448eb211c80319c");
});

test("a receiver that never responds does not delay the exit", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const address = silent.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
  const tracing = await openTracing("sink", "host-1");
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  tracing.begin("sink.batch", [messageWith(sampled)])?.end();
  const startedAt = performance.now();
  await tracing[Symbol.asyncDispose]();
  // The exporter itself would wait for ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(8_000);
  silent.closeAllConnections();
  silent.close();
});
