import {
  checkIdentity,
  createKafka,
  Health,
  kafkaSettings,
  Log,
  openOpenSearch,
  openPostgres,
  openSearchSettings,
  type Patience,
  postgresSettings,
  processSettings,
  readConfiguration,
  topicSettings,
} from "@millrace/shared";
import { z } from "zod";

/** What the commands that look into the stores are told, by the variables that the processes read. */
const settings = z.object({
  ...kafkaSettings,
  ...topicSettings,
  ...postgresSettings,
  ...openSearchSettings,
  LOG_LEVEL: processSettings.LOG_LEVEL,
});

/** The connections of a command that runs once: nothing waits for ever, and the log is silent. */
export function openClients(environment: NodeJS.ProcessEnv = process.env) {
  const config = readConfiguration(settings.superRefine(checkIdentity), environment);
  const log = new Log("cli", { level: "silent" });
  const patience: Patience = {
    log,
    health: new Health(),
    backoff: { initialMs: 200, maxMs: 2_000 },
    hardStop: AbortSignal.timeout(600_000),
  };
  const postgres = openPostgres(config, patience);
  const opensearch = openOpenSearch(config, patience);
  return {
    config,
    patience,
    kafka: createKafka(config, "millrace-cli", log),
    postgres,
    opensearch,
    async [Symbol.asyncDispose]() {
      await postgres.end();
      await opensearch.close();
    },
  };
}
export type Clients = ReturnType<typeof openClients>;
