import { openRedis } from "@millrace/connections";
import { createKafka, createTopicReader, type Kafka, KafkaAdmin, readDeadLetters } from "@millrace/kafka";
import { openOpenSearch } from "@millrace/opensearch";
import { openPostgres, type Pool } from "@millrace/postgres";
import { Log, type Patience, type Tracing } from "@millrace/shared";
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
import { FRESH_MS, type Probe } from "./probe.ts";
import { explain } from "./redis/explain.ts";
import { createPresenceBoard } from "./redis/presence-board.ts";
import { createEmbedProbe, createServiceProbes } from "./service-probes.ts";
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
  const clients = openClients(config, patience, resources);
  const { postgres, opensearch, kafka, redis, messageLog } = clients;
  const edges: ApiEdges = {
    log: patience.log,
    messageLog,
    tracing,
    published: new Work(),
    ...createStoreEdges(clients, config),
    ...createStageEdges(clients, config, patience),
    ...openEventsEdges(config, kafka, clients.eventsAdmin, redis, patience, resources),
    probes: createServiceProbes(
      { postgres, opensearch, kafka: clients.probeAdmin, redis },
      config.OPENSEARCH_INDEX,
      patience.health,
    ),
  };
  return {
    edges,
    kafka,
    postgres,
    embedProbe: createEmbedProbe(config.EMBED_URL),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

type ApiClients = ReturnType<typeof openClients>;

function openClients(config: ApiConfig, patience: Patience, resources: AsyncDisposableStack) {
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
  return { postgres, opensearch, kafka, lagAdmin, probeAdmin, eventsAdmin, deadLettersReader, messageLog, redis };
}

function createStoreEdges({ postgres, opensearch, deadLettersReader }: ApiClients, config: ApiConfig) {
  // A hybrid search waits for embed and then for OpenSearch.
  const searchWaitMs = (config.REQUEST_TIMEOUT_MS * WAITING_SHARE) / 2;
  return {
    auditReader: createAuditReader(postgres),
    deadLetterRows: createDeadLetterRows(postgres),
    readDeadLetters(ids, signal) {
      // A replay appends them next, within the same limit.
      const limits = { maxBytes: config.PUBLISH_UNANSWERED_MAX_BYTES, signal };
      return readDeadLetters(deadLettersReader, config.DEAD_LETTERS_TOPIC, { ids }, limits);
    },
    documentSearch: createDocumentSearch(opensearch, {
      index: config.OPENSEARCH_INDEX,
      candidates: config.SEARCH_CANDIDATES,
      timeoutMs: searchWaitMs,
    }),
    queryEmbedder: createQueryEmbedder(config.EMBED_URL, searchWaitMs),
  } satisfies Partial<ApiEdges>;
}

function createStageEdges({ redis, lagAdmin }: ApiClients, config: ApiConfig, { health, log }: Patience) {
  const presenceBoard = createPresenceBoard(redis, config, config.PRESENCE_INTERVAL_MS);
  const tracker = createTracker(redis, config, log);
  const lagReader = createLagReader(lagAdmin, config);
  return {
    tracker: {
      reached: (milestone, messages) => tracker.reached(milestone, messages),
      progress: (message) => explain(() => tracker.progress(message), health),
    },
    readPresence: singleFlight(() => explain(() => presenceBoard.read(), health), FRESH_MS),
    readLag: singleFlight(() => lagReader.read(), FRESH_MS),
    lastReport: () => health.lastReport,
  } satisfies Partial<ApiEdges>;
}
