/** Every logged operation and its meaning; `docs/logs.md` is generated from this list. */
export const actions = {
  "process.configure": "The configuration is invalid; the process exits.",
  "process.start": "The process started, or a dependency became available for the first time.",
  "process.ready": "Every dependency is available; the process starts work.",
  "doctor.check":
    "One dependency was checked step by step. Checks repeat from startup until every dependency has passed once; a failure names the step, the cause and the remedy.",
  "process.heartbeat": "The process is alive; counts since its start.",
  "process.stop": "The process was asked to stop, or has stopped.",
  "process.crash": "A bug: something was thrown that is neither retryable nor poison.",
  "kafka.consume":
    "A consumer changed its state: joining, consuming (with the partitions that a rebalance gave it), replacing, draining or closed.",
  "kafka.commit":
    "An offset commit failed, repeated every 10 s until one succeeds; the next commit includes its offsets. One that a rebalance made stale appears only at `LOG_LEVEL=debug`, for up to 5 s.",
  "kafka.produce": "Records were written to a topic.",
  "kafka.client": "The Kafka client's own log messages. At `LOG_LEVEL=debug` only.",
  "kafka.topics": "Topics were created or found.",
  "redis.token": "The IAM token for Redis could not be signed, repeated every 10 s until it can.",
  "redis.reauthenticate":
    "A living connection to Redis could not authenticate again, repeated until it can; ElastiCache closes it 12 hours after its last authentication.",
  "registry.request": "A schema was fetched from the schema registry, or registered there.",
  "ingest.replay": "A replay record was skipped: without dead-letter headers it identifies no message.",
  "ingest.pack": "A batch was packed and written to the batches topic.",
  "embed.request": "One embeddings request, for one batch or for several waiting batches.",
  "embed.batch": "A batch was embedded, from its record's arrival until Kafka acknowledged the vectors.",
  "embed.cache": "A corrupt embedding cache entry was dropped, or the cache is unavailable.",
  "embed.rate": "Rate limits are shared through Redis; while it is unavailable, each process uses its fixed share.",
  "embed.budget": "The daily budget is spent and batches wait, or budget is available again.",
  "embed.api_key": "The provider's key was read from Secrets Manager, was rotated there, or could not be read.",
  "embed.query": "A search text was embedded for the api.",
  "sink.bulk_write": "One bulk request to OpenSearch.",
  "sink.bulk_format": "The format of bulk requests was chosen: SMILE, or JSON with the reason.",
  "sink.insert": "One insert into demo_log.",
  "sink.batch":
    "A batch was stored, from its record's arrival until both writes were acknowledged; includes counts by milliseconds since publish.",
  "sink.dead_letters": "ERROR rows were written for dead letters.",
  "sink.create_index": "The index was created or found.",
  "sink.migrate": "The database schema was migrated.",
  "message.dead_letter": "Messages that can never succeed were dead-lettered.",
  "event.dead_letter": "Undeliverable events were dead-lettered, or even that failed.",
  "api.request": "One HTTP request.",
  "api.publish": "Messages were published.",
  "api.replay": "Dead letters were replayed through the pipeline.",
  "api.auth": "How callers of /api/v1 authenticate.",
  "api.events": "Events were published.",
  "api.stream": "A topic's stream started or stopped, or one of its clients connected, fell behind or disconnected.",
  "api.search": "A search was answered.",
  "tracking.write": "Message progress was written to Redis; failures are counted and never fatal.",
} as const;
export type Action = keyof typeof actions;

export type Status = "ok" | "retry" | "failed";
