import { type DestinationStream, type Level, pino } from "pino";
import { Operations } from "./operations.ts";

/** Every operation that is logged, with what it means; `docs/logs.md` is made from this list. */
export const actions = {
  "process.configure": "The configuration was refused.",
  "process.start": "The process began, or one of its dependencies answered for the first time.",
  "process.ready": "Every dependency answered; the work begins.",
  "doctor.check":
    "One dependency was tried step by step, at the start and until all worked once; a failure tells its step, cause and remedy.",
  "process.heartbeat": "The process is alive; counts since it began.",
  "process.stop": "The process was asked to stop, or has stopped.",
  "process.crash": "A bug: something was thrown that is neither retryable nor poison.",
  "kafka.consume":
    "A consumer changed its state: joining, consuming (with the partitions that a rebalance gave it), replacing, draining or closed.",
  "kafka.commit":
    "An offset commit failed, repeated every 10 s until one succeeds; the next commit includes its offsets. One that a rebalance made stale appears only at `LOG_LEVEL=debug`, for up to 5 s.",
  "kafka.produce": "Records were written to a topic.",
  "kafka.client": "What the Kafka client says of itself. At `LOG_LEVEL=debug` only.",
  "kafka.topics": "Topics were created or found.",
  "redis.token": "The IAM token for Redis could not be signed, repeated every 10 s until it can.",
  "redis.reauthenticate":
    "A living connection to Redis could not authenticate again, repeated until it can; ElastiCache closes it 12 hours after its last authentication.",
  "registry.request": "A schema was fetched from the schema registry, or registered there.",
  "ingest.replay": "A record of the replay topic was skipped: without dead-letter headers it identifies no message.",
  "ingest.pack": "A batch was packed and written to the batches topic.",
  "embed.request": "One embeddings request: for a batch, or for several that waited and were joined.",
  "embed.batch": "A batch became vectors, from its record's arrival to the vectors' acknowledgement.",
  "embed.cache": "A damaged entry of the embedding cache was dropped, or the cache is away.",
  "embed.rate": "The limits are shared through Redis, or each process keeps to a share of its own while Redis is away.",
  "embed.budget": "The day's money is spent and batches wait, or there is money again.",
  "embed.api_key": "The provider's key was read from Secrets Manager, was replaced there, or could not be read.",
  "embed.query": "A search text became a vector for the api.",
  "sink.bulk_write": "One bulk request to OpenSearch.",
  "sink.bulk_format": "The format of bulk requests was found out: SMILE, or JSON and why.",
  "sink.insert": "One insert into demo_log.",
  "sink.batch":
    "A batch was stored, from its record's arrival to both writes' acknowledgement; counts by milliseconds since publish.",
  "sink.dead_letters": "Error rows were written for dead letters.",
  "sink.create_index": "The index was created or found.",
  "sink.migrate": "The database schema was migrated.",
  "message.dead_letter": "Messages that can never succeed went to the dead-letter topic.",
  "event.dead_letter": "Events that could not be delivered went to the events' dead-letter topic, or not even there.",
  "api.request": "One HTTP request.",
  "api.publish": "Messages were published.",
  "api.replay": "Dead letters were sent through the pipeline again.",
  "api.auth": "How the callers of /api/v1 prove who they are.",
  "api.events": "Events were published.",
  "api.stream": "A topic is followed for its clients, or a client of its stream came, fell behind, or left.",
  "api.search": "A search was answered.",
  "tracking.write": "The progress of messages was written to Redis; failures are counted, never fatal.",
} as const;
export type Action = keyof typeof actions;

export type Status = "ok" | "retry" | "failed";
const levels: Record<Status, Level> = { ok: "info", retry: "warn", failed: "error" };

/** Ids, counts and durations; never message text, vectors, tokens or keys. */
export type Details = Record<string, unknown>;

/** JSON lines, one per operation: `{ time, service, action, status, durationMs, details }`. */
export class Log {
  readonly service: string;
  /** What came of all operations, whatever level is written. */
  readonly operations = new Operations();
  #pino: ReturnType<typeof createPino>;

  constructor(service: string, options: { level?: string; instance?: string; destination?: DestinationStream } = {}) {
    this.service = service;
    this.#pino = createPino(service, options);
  }

  record(action: Action, status: Status, durationMs?: number, details?: Details): void {
    this.operations.record(action, status, durationMs);
    this.#pino[levels[status]]({
      action,
      status,
      ...(durationMs !== undefined && { durationMs: Math.round(durationMs * 1000) / 1000 }),
      ...(details && { details }),
    });
  }

  /** What a client library says of itself; shown with `LOG_LEVEL=debug` only. */
  debug(action: Action, details: Details): void {
    this.#pino.debug({ action, status: "ok", details });
  }

  flush(): void {
    this.#pino.flush();
  }
}

function createPino(service: string, options: { level?: string; instance?: string; destination?: DestinationStream }) {
  return pino(
    {
      level: options.level ?? "info",
      base: { service, ...(options.instance && { instance: options.instance }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    // Synchronous: the last lines of a process that ends are the ones that people look for.
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}
