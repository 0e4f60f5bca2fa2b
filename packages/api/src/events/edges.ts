import type { Redis } from "@millrace/connections";
import { createEventDecoder, createEventEncoder, createEventProducer, openSchemaRegistry } from "@millrace/events";
import { createValueDecoder } from "@millrace/events/value-decoder";
import { createTopicReader, type Kafka, type KafkaAdmin } from "@millrace/kafka";
import type { Patience } from "@millrace/shared";
import { createAuthenticator } from "../auth/authenticator.ts";
import type { AuthEdges } from "../auth/guard.ts";
import { createRateLimiter } from "../auth/rate-limiter.ts";
import type { ApiConfig } from "../config.ts";
import type { LatestEventsEdges } from "../routes/latest-events.ts";
import { EventStreams } from "../streams/event-streams.ts";
import { createIdempotency, type Idempotency } from "./idempotency.ts";
import { createEventTopics } from "./topics.ts";

export interface EventsEdges extends LatestEventsEdges {
  auth: AuthEdges;
  producer: ReturnType<typeof createEventProducer>;
  idempotency: Idempotency;
  streams: EventStreams;
}

/** The share of a request's time limit for delivery to the topic; delivery to the dead-letter topic may take as long again. */
const DELIVERY_SHARE = 0.4;

/** @param resources owns everything opened here */
export function openEventsEdges(
  config: ApiConfig,
  kafka: Kafka,
  admin: KafkaAdmin,
  redis: Redis,
  patience: Patience,
  resources: AsyncDisposableStack,
): EventsEdges {
  const { SCHEMA_REGISTRY_URL: url } = config;
  const registry = url === undefined ? undefined : openSchemaRegistry({ ...config, SCHEMA_REGISTRY_URL: url });
  const deliveryMs = Math.floor(config.REQUEST_TIMEOUT_MS * DELIVERY_SHARE);
  const settings = { ...config, EVENTS_DELIVERY_TIMEOUT_MS: Math.min(config.EVENTS_DELIVERY_TIMEOUT_MS, deliveryMs) };
  const encoder = createEventEncoder(config.EVENTS_FORMAT, registry);
  const values = registry && createValueDecoder(registry, config.SCHEMA_REGISTRY_CACHE_MAX, patience);
  const eventDecoder = createEventDecoder(values);
  return {
    auth: { authenticate: createAuthenticator(config), rateLimit: createRateLimiter(redis, config) },
    topics: createEventTopics(admin, config),
    producer: resources.use(createEventProducer(kafka, encoder, settings, patience)),
    idempotency: createIdempotency(redis, config),
    topicReader: resources.use(createTopicReader(kafka)),
    eventDecoder,
    streams: resources.use(new EventStreams(kafka, eventDecoder, config, patience)),
  };
}
