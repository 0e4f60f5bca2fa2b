import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { millrace } from "../src/millrace.ts";
import { startOtlpReceiver } from "../src/otlp-receiver.ts";
import { openTestbed, type Testbed } from "../src/testbed.ts";

const services = ["millrace-api", "millrace-ingest", "millrace-embed", "millrace-sink"];
const operations = ["api.publish", "ingest.pack", "embed.batch", "sink.batch"];
const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let testbed: Testbed;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  testbed = await openTestbed(`tracing_${process.pid}`, {
    stack: inject("stack"),
    logDirectory: await mkdtemp(join(tmpdir(), "millrace-e2e-")),
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: "200",
      // Messages without a caller's trace are not traced: every trace here was requested.
      OTEL_TRACES_SAMPLER: "parentbased_always_off",
    },
  });
});

afterAll(async () => {
  await testbed?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
});

/** @param flags of W3C's traceparent: 01 is sampled */
async function publishTraced(texts: readonly string[], flags?: "00" | "01"): Promise<string[]> {
  const traceparent = `00-${caller.traceId}-${caller.spanId}-${flags}`;
  const response = await fetch(new URL("/publish", testbed.pipeline.api), {
    method: "POST",
    headers: { "content-type": "application/json", ...(flags && { traceparent }) },
    body: JSON.stringify(texts.map((text) => ({ text }))),
  });
  return ((await response.json()) as { messages: { id: string }[] }).messages.map(({ id }) => id);
}

it("one trace continues from the caller through all four processes, and batches are linked to their messages", async () => {
  await publishTraced(["not asked for", "nor this one"]);
  await publishTraced(["asked not to"], "00");
  const [id = ""] = await publishTraced(["a traced message"], "01");
  await testbed.untilRecorded(4);
  const ofMessage = () => receiver.spans.filter(({ traceId }) => traceId === caller.traceId);
  await expect
    .poll(
      () =>
        ofMessage()
          .map(({ name }) => name)
          .toSorted(),
      { timeout: 20_000 },
    )
    .toEqual(operations.toSorted());

  const [publish, ...stages] = operations.map((operation) => ofMessage().find(({ name }) => name === operation));
  expect([publish, ...stages].map((span) => span?.service)).toEqual(services);
  expect(publish?.parentSpanId).toBe(caller.spanId);
  for (const stage of stages) {
    expect(stage?.parentSpanId).toBe(publish?.spanId);
    const batch = receiver.spans.find(({ spanId }) => spanId === stage?.links[0]?.spanId);
    expect(batch).toMatchObject({ name: stage?.name, service: stage?.service });
    expect(batch?.traceId).not.toBe(caller.traceId);
    // Of the batch's messages, only the traced one is linked.
    expect(batch?.links).toEqual([expect.objectContaining({ traceId: caller.traceId, spanId: publish?.spanId })]);
  }
  // Only these four and the three batches were sampled.
  expect(receiver.spans).toHaveLength(operations.length + stages.length);

  const { stdout } = await millrace(["trace", id], testbed.readBack.environment);
  expect(stdout).toContain(`trace ${caller.traceId}`);
});
