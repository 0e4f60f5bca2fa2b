import { TRACEPARENT, type TracedMessage, type Tracing } from "@millrace/shared";
import type { PublishRecord } from "./publish-body.ts";

export interface PublishTraces {
  /** The records; each traced one carries its own `traceparent`. */
  records: readonly PublishRecord[];
  /** @param ids of the published messages, by position */
  end(ids: readonly (string | undefined)[]): void;
}

/** Starts a trace per message, or continues the one in its own header, else in the request's. */
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
