import { setTimeout as sleep } from "node:timers/promises";
import { ROOT_CONTEXT, type SpanContext, SpanKind, TraceFlags, trace } from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { type Message, messageId } from "../records/message.ts";
import { TRACEPARENT, type Tracing } from "./tracing.ts";

/** OpenAI's limit of inputs, and so of messages in a batch; the SDK's own limit would cut a batch's links at 128. */
const LINKS_MAX = 2_048;
/** How long the end of a process waits for the last spans to be exported. */
const FLUSH_MAX_MS = 2_000;

/**
 * Traces by OpenTelemetry: endpoint, headers, sampler and queue are its standard variables, `OTEL_…`.
 *
 * Whether a message is traced is decided once, where its trace begins: by the api's sampler, or by whoever called it. A
 * stage follows what it is told. A batch is the unit of work, so each stage makes one span for it, linked to its messages;
 * and in each traced message's own trace one of the same time, linked back to the batch.
 */
export function openTelemetry(service: string, instance: string): Tracing {
  const provider = new BasicTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ "service.name": `millrace-${service}`, "service.instance.id": instance }),
    ),
    spanLimits: { linkCountLimit: LINKS_MAX },
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    // Without one the SDK takes the variables' OTEL_TRACES_SAMPLER.
    ...(service !== "api" && { sampler: new AlwaysOnSampler() }),
  });
  const tracer = provider.getTracer("millrace");

  return {
    publish(parent) {
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
    },
    begin(operation, messages) {
      const traced = messages.flatMap((message) => {
        const context = sampledContext(message);
        return context ? [{ message, context }] : [];
      });
      if (traced.length === 0) return undefined;
      const startTime = Date.now();
      const links = traced.map(({ context }) => ({ context }));
      const attributes = { "messaging.system": "kafka", "messaging.batch.message_count": messages.length };
      const batch = tracer.startSpan(
        operation,
        { kind: SpanKind.CONSUMER, startTime, links, attributes },
        ROOT_CONTEXT,
      );
      const link = { context: batch.spanContext() };
      const spans = traced.map(({ message, context }) =>
        tracer.startSpan(
          operation,
          {
            kind: SpanKind.CONSUMER,
            startTime,
            links: [link],
            attributes: { "millrace.message.id": messageId(message) },
          },
          trace.setSpanContext(ROOT_CONTEXT, context),
        ),
      );
      return {
        end() {
          const endTime = Date.now();
          for (const span of [...spans, batch]) span.end(endTime);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      // What cannot be exported any more is no reason to fail, nor to hold up the process's end.
      const exported = provider.shutdown().catch(() => undefined);
      await Promise.race([exported, sleep(FLUSH_MAX_MS, undefined, { ref: false })]);
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
