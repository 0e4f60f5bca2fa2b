import { TRACEPARENT, type TracedMessage, type Tracing } from "@millrace/shared";
import type { PublishRecord } from "./publish-body.ts";

export interface PublishTraces {
  /** The records, those that are traced with their own `traceparent`. */
  records: readonly PublishRecord[];
  /** @param ids of the messages that were published, at their positions */
  end(ids: readonly (string | undefined)[]): void;
}

/** Begins a trace for each message, or goes on with the one that its own header, or else the request's, names. */
export function tracePublishing(
  records: readonly PublishRecord[],
  tracing: Tracing,
  requestParent: string | undefined,
): PublishTraces {
  const traces = records.map(({ record }) => {
    const own = record.headers?.find(([name]) => name === TRACEPARENT)?.[1]?.toString();
    return tracing.publish(own ?? requestParent);
  });
  return {
    records: records.map((each, index) => withTrace(each, traces[index])),
    end(ids) {
      for (const [index, each] of traces.entries()) each?.end(ids[index]);
    },
  };
}

function withTrace(published: PublishRecord, traced: TracedMessage | undefined): PublishRecord {
  if (!traced) return published;
  const others = (published.record.headers ?? []).filter(([name]) => name !== TRACEPARENT);
  const headers = [...others, [TRACEPARENT, Buffer.from(traced.traceparent)] as const];
  return { ...published, record: { ...published.record, headers } };
}
