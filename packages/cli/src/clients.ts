import { checkIdentity } from "@millrace/connections";
import { createKafka, kafkaSettings, topicSettings } from "@millrace/kafka";
import { openOpenSearch, openSearchSettings } from "@millrace/opensearch";
import { openPostgres, postgresSettings } from "@millrace/postgres";
import type { Patience } from "@millrace/shared";
import { Health, Log, readConfiguration } from "@millrace/shared";
import { z } from "zod";

const clientSettings = z.object({ ...kafkaSettings, ...topicSettings, ...postgresSettings, ...openSearchSettings });

export type Clients = ReturnType<typeof openClients>;

/**
 * Direct clients of Kafka, PostgreSQL and OpenSearch for what runs once beside the processes: a command, a check. They
 * read the processes' variables and log nothing.
 *
 * @param giveUp ends every wait for a service
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
