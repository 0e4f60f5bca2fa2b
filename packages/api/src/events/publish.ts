import { randomUUID } from "node:crypto";
import { type Event, type EventProducer, eventSchema, type Published } from "@millrace/events";
import { messageId, requestErrors } from "@millrace/shared";
import type { StageTracker, Work } from "@millrace/stage";
import type { EventError, EventOutcome } from "./event-outcome.ts";
import type { HeldRequest } from "./idempotency.ts";

/** An unvalidated event of a request and its position in the body. */
export interface EventItem {
  item: unknown;
  root: readonly PropertyKey[];
}

export interface EventPublishEdges {
  producer: EventProducer;
  tracker: Pick<StageTracker, "reached">;
  published: Work;
}

/** Validates an event; fills in a missing event_id or timestamp_ms. */
function readEvent({ item, root }: EventItem): { event: Event } | { error: EventError } {
  const defaults = { event_id: randomUUID(), timestamp_ms: Date.now() };
  const isObject = typeof item === "object" && item !== null && !Array.isArray(item);
  const parsed = eventSchema.safeParse(isObject ? { ...defaults, ...item } : item);
  if (parsed.success) return { event: parsed.data };
  const errors = requestErrors(parsed.error, root);
  return { error: { code: "invalid", message: "the event does not match its schema", retryable: false, errors } };
}

/**
 * Publishes the events that are not yet published.
 *
 * @param held the lock of a request with an Idempotency-Key
 * @returns the result of each item, in the request's order
 */
export async function publishEvents(
  topic: string,
  items: readonly EventItem[],
  edges: EventPublishEdges,
  held?: HeldRequest,
): Promise<EventOutcome[]> {
  const outcomes: EventOutcome[] = [];
  const events = new Map<number, Event>();
  for (const [index, item] of items.entries()) {
    const known = held?.outcomes[index];
    if (known && !mayBeRepeated(known)) {
      outcomes[index] = known;
      continue;
    }
    const read = readEvent(item);
    if ("event" in read) events.set(index, read.event);
    else outcomes[index] = read;
  }
  const published = events.size > 0 ? await edges.producer.publish(topic, [...events.values()], held?.lost) : [];
  for (const [position, [index, event]] of [...events].entries()) {
    outcomes[index] = outcomeOf(topic, event, published[position]);
  }
  const placements = published.flatMap((each) => (each.status === "published" ? { topic, ...each.placement } : []));
  edges.tracker.reached("published", placements);
  edges.published.add(placements.length, 0);
  return outcomes;
}

function mayBeRepeated(outcome: EventOutcome): boolean {
  return "error" in outcome && outcome.error.retryable;
}

function outcomeOf(topic: string, event: Event, published: Published | undefined): EventOutcome {
  switch (published?.status) {
    case "published": {
      const { placement, timestampMs } = published;
      const id = messageId({ topic, ...placement });
      const timestamp = new Date(timestampMs).toISOString();
      return { published: { event_id: event.event_id, id, ...placement, timestamp } };
    }
    case "dead_lettered":
      return {
        error: {
          code: published.fault.code,
          message: `written to EVENTS_DLQ_TOPIC: ${published.fault.cause}`,
          retryable: false,
        },
      };
    case "failed":
      return {
        error: {
          code: published.fault.code,
          message: published.fault.cause,
          retryable: published.fault.kind === "retryable",
        },
      };
    case undefined:
      throw new TypeError("the producer returned no result for an event");
  }
}
