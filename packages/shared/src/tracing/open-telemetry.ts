import { setTimeout as sleep } from "node:timers/promises";
import { ROOT_CONTEXT, type SpanContext, SpanKind, TraceFlags, type Tracer, trace } from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Action } from "../actions.ts";
import { type Message, messageId } from "../records/message.ts";
import { TRACEPARENT, type TracedBatch, type TracedMessage, type Tracing } from "./tracing.ts";

/** OpenAI's limit of inputs per request, and so of messages per batch; the SDK's default would cut a batch's links at 128. */
const LINKS_MAX = 2_048;
/** How long a process waits at exit for the last spans to be exported. */
const FLUSH_MAX_MS = 2_000;

/**
 * Tracing with OpenTelemetry; its standard variables (`OTEL_…`) configure endpoint, headers, sampler and queue.
 *
 * The api's sampler, or its caller, decides once per message whether it is traced; the stages follow that decision. A
 * batch is the unit of work, so each stage creates one span for it, linked to its messages, and one span of the same
 * duration in each traced message's own trace, linked back to the batch.
 */
export function openTelemetry(service: string, instance: string): Tracing {
  const provider = new BasicTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ "service.name": `millrace-${service}`, "service.instance.id": instance }),
    ),
    spanLimits: { linkCountLimit: LINKS_MAX },
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    // Without a sampler the SDK uses OTEL_TRACES_SAMPLER.
    ...(service !== "api" && { sampler: new AlwaysOnSampler() }),
  });
  const tracer = provider.getTracer("millrace");
  return {
    publish: (parent) => publish(tracer, parent),
    begin: (operation, messages) => beginBatch(tracer, operation, messages),
    async [Symbol.asyncDispose]() {
      // Spans that can't be exported must neither fail the process nor delay its exit.
      const exported = provider.shutdown().catch(() => undefined);
      await Promise.race([exported, sleep(FLUSH_MAX_MS, undefined, { ref: false })]);
    },
  };
}

function publish(tracer: Tracer, parent: string | undefined): TracedMessage | undefined {
  const remote = parent === undefined ? null : parseTraceParent(parent);
  const context = remote ? trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true }) : ROOT_CONTEXT;
  const span = tracer.startSpan("api.publish", { kind: SpanKind.PRODUCER }, context);
  if (!span.isRecording()) return undefined;
  return {
    traceparent: formatTraceParent(span.spanContext()),
    end(id) {
      if (id !== undefined) span.setAttribute("millrace.message.id", id);
      span.end();
    },
  };
}

function beginBatch(tracer: Tracer, operation: Action, messages: readonly Message[]): TracedBatch | undefined {
  const traced = messages.flatMap((message) => {
    const context = sampledContext(message);
    return context ? [{ message, context }] : [];
  });
  if (traced.length === 0) return undefined;
  const common = { kind: SpanKind.CONSUMER, startTime: Date.now() };
  const links = traced.map(({ context }) => ({ context }));
  const attributes = { "messaging.system": "kafka", "messaging.batch.message_count": messages.length };
  const batch = tracer.startSpan(operation, { ...common, links, attributes }, ROOT_CONTEXT);
  const link = { context: batch.spanContext() };
  const spans = traced.map(({ message, context }) => {
    const ownAttributes = { "millrace.message.id": messageId(message) };
    const parent = trace.setSpanContext(ROOT_CONTEXT, context);
    return tracer.startSpan(operation, { ...common, links: [link], attributes: ownAttributes }, parent);
  });
  return {
    end() {
      const endTime = Date.now();
      for (const span of [...spans, batch]) span.end(endTime);
    },
  };
}

function sampledContext({ headers }: Message): SpanContext | undefined {
  const header = headers.find(([name]) => name === TRACEPARENT)?.[1];
  const context = header ? parseTraceParent(header.toString()) : null;
  if (!context || (context.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return { ...context, isRemote: true };
}

function formatTraceParent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
