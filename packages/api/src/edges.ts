import { openRedis } from "@millrace/connections";
import { createKafka, createTopicReader, type Kafka, KafkaAdmin, readDeadLetters } from "@millrace/kafka";
import { type OpenSearchClient, openOpenSearch } from "@millrace/opensearch";
import { openPostgres, type Pool } from "@millrace/postgres";
import { type Health, Log, type Patience, type Tracing } from "@millrace/shared";
import { createTracker, Work } from "@millrace/stage";
import { type ApiEdges, WAITING_SHARE } from "./app.ts";
import type { ApiConfig } from "./config.ts";
import { createQueryEmbedder } from "./embed/query-embedder.ts";
import { openEventsEdges } from "./events/edges.ts";
import { createLagReader } from "./kafka/lag.ts";
import { KafkaMessageLog } from "./kafka/message-log.ts";
import { createDocumentSearch } from "./opensearch/document-search.ts";
import { createAuditReader } from "./postgres/audit-reader.ts";
import { createDeadLetterRows } from "./postgres/dead-letter-rows.ts";
import { createProbe, FRESH_MS, PROBE_TIMEOUT_MS, type Probe } from "./probe.ts";
import { createPresenceBoard } from "./redis/presence-board.ts";
import { singleFlight } from "./single-flight.ts";

export interface OpenEdges extends AsyncDisposable {
  edges: ApiEdges;
  kafka: Kafka;
  postgres: Pool;
  /** Calls the embed process directly; `/health` reads its presence from Redis instead. */
  embedProbe: Probe;
}

/** Opens the clients of all services without waiting: each connects once its service is available. */
export function openEdges(config: ApiConfig, patience: Patience, tracing: Tracing): OpenEdges {
  const resources = new AsyncDisposableStack();
  const { log } = patience;

  const postgres = resources.adopt(openPostgres(config, patience), (pool) => pool.end());
  const opensearch = resources.adopt(openOpenSearch(config, patience), (client) => client.close());
  const kafka = createKafka(config, "api", log);
  const lagAdmin = resources.use(new KafkaAdmin(kafka));
  const probeAdmin = resources.use(new KafkaAdmin(kafka));
  const eventsAdmin = resources.use(new KafkaAdmin(kafka));
  const deadLettersReader = resources.use(createTopicReader(kafka));
  // These two connect immediately and would log out of order; `acquire` logs all services in order.
  const quietly = { ...patience, log: new Log(log.service, { level: "error" }) };
  const groupLimits = {
    requestMaxBytes: config.PUBLISH_MESSAGE_MAX_BYTES,
    unansweredMaxBytes: config.PUBLISH_UNANSWERED_MAX_BYTES,
  };
  const messageLog = resources.use(new KafkaMessageLog(kafka, quietly, groupLimits));
  const redis = resources.adopt(openRedis(config, quietly), (client) => client.disconnect());

  const presenceBoard = createPresenceBoard(redis, config, config.PRESENCE_INTERVAL_MS);
  const tracker = createTracker(redis, config, log);
  const fromRedis = <Value>(read: () => Promise<Value>) => explain(read, patience.health);
  const noted = (dependency: string, ask: () => Promise<unknown>) => notedProbe(dependency, ask, patience.health);
  const lagReader = createLagReader(lagAdmin, config);
  // A hybrid search waits for embed and then for OpenSearch.
  const searchWaitMs = (config.REQUEST_TIMEOUT_MS * WAITING_SHARE) / 2;
  const edges: ApiEdges = {
    log,
    messageLog,
    tracing,
    published: new Work(),
    tracker: {
      reached: (milestone, messages) => tracker.reached(milestone, messages),
      progress: (message) => fromRedis(() => tracker.progress(message)),
    },
    auditReader: createAuditReader(postgres),
    deadLetterRows: createDeadLetterRows(postgres),
    // A replay appends them next, within the same limit.
    readDeadLetters: (ids, signal) =>
      readDeadLetters(
        deadLettersReader,
        config.DEAD_LETTERS_TOPIC,
        { ids },
        { maxBytes: config.PUBLISH_UNANSWERED_MAX_BYTES, signal },
      ),
    documentSearch: createDocumentSearch(opensearch, {
      index: config.OPENSEARCH_INDEX,
      candidates: config.SEARCH_CANDIDATES,
      timeoutMs: searchWaitMs,
    }),
    queryEmbedder: createQueryEmbedder(config.EMBED_URL, searchWaitMs),
    ...openEventsEdges(config, kafka, eventsAdmin, redis, patience, resources),
    readPresence: singleFlight(() => fromRedis(() => presenceBoard.read()), FRESH_MS),
    lastReport: () => patience.health.lastReport,
    readLag: singleFlight(() => lagReader.read(), FRESH_MS),
    probes: {
      postgres: noted("postgres", () => postgres.query("SELECT 1")),
      opensearch: noted("opensearch", () => askIndex(opensearch, config.OPENSEARCH_INDEX)),
      kafka: noted("kafka", () => probeAdmin.use((admin) => admin.describeCluster())),
      // The client reports its connection state to `health` itself.
      redis: createProbe(() => fromRedis(() => redis.ping())),
    },
  };
  return {
    edges,
    kafka,
    postgres,
    embedProbe: createProbe(() => askEmbed(config.EMBED_URL)),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A probe that records its result in the process's health, and thereby in its metrics. */
function notedProbe(dependency: string, ask: () => Promise<unknown>, health: Health): Probe {
  const probe = createProbe(ask);
  return async () => {
    const check = await probe();
    if (check.status === "ok") health.working(dependency);
    else health.waiting(dependency, check.cause ?? "no response");
    return check;
  };
}

/** While Redis is unavailable, replaces its client's unspecific error by the cause of the disconnect. */
async function explain<Value>(read: () => Promise<Value>, health: Health): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    const { redis } = health.dependencies;
    if (redis?.state === "working") throw error;
    throw new Error(redis?.cause ?? "not connected yet");
  }
}

/** Fails if a shard of the index does not respond. A missing index is fine. */
function askIndex(client: OpenSearchClient, index: string): Promise<unknown> {
  return client.search({
    index,
    ignore_unavailable: true,
    allow_partial_search_results: false,
    size: 0,
    terminate_after: 1,
  });
}

async function askEmbed(embedUrl: string): Promise<void> {
  const response = await fetch(`${embedUrl}/health/live`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`status ${response.status}`);
}
