import { z } from "zod";
import { checkIdentity } from "./aws/check.ts";
import { readConfiguration } from "./config.ts";
import { Health } from "./health.ts";
import { createKafka } from "./kafka/client.ts";
import { Log } from "./log.ts";
import { openOpenSearch } from "./opensearch.ts";
import { openPostgres } from "./postgres.ts";
import { kafkaSettings, openSearchSettings, postgresSettings, topicSettings } from "./settings.ts";
import type { Patience } from "./settle.ts";

const clientSettings = z.object({ ...kafkaSettings, ...topicSettings, ...postgresSettings, ...openSearchSettings });

export type Clients = ReturnType<typeof openClients>;

/**
 * Direct ways to Kafka, PostgreSQL and OpenSearch for what runs once beside the processes: a command, a check. It is told
 * where they are by the variables that the processes read, and logs nothing.
 *
 * @param giveUp ends what waits for a service
 */
export function openClients(
  environment: NodeJS.ProcessEnv,
  name: string,
  giveUp: AbortSignal = new AbortController().signal,
) {
  const config = readConfiguration(clientSettings.superRefine(checkIdentity), environment);
  const log = new Log(name, { level: "silent" });
  const patience: Patience = {
    log,
    health: new Health(),
    backoff: { initialMs: 100, maxMs: 1_000 },
    hardStop: giveUp,
  };
  const postgres = openPostgres(config, patience);
  const openSearch = openOpenSearch(config, patience);
  return {
    config,
    /** The first source topic. */
    topic: config.KAFKA_TOPICS[0] ?? "",
    patience,
    kafka: createKafka(config, `millrace-${name}`, log),
    postgres,
    openSearch,
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([postgres.end(), openSearch.close()]);
    },
  };
}
