import {
  createKafka,
  Health,
  kafkaSettings,
  Log,
  type OpenSearchClient,
  openOpenSearch,
  openPostgres,
  openSearchSettings,
  type Patience,
  type Pool,
  postgresSettings,
  readConfiguration,
  topicSettings,
} from "@millrace/shared";
import { z } from "zod";

const settingsSchema = z.object({ ...kafkaSettings, ...topicSettings, ...openSearchSettings, ...postgresSettings });

/** Direct ways to the services, past the pipeline's processes, to read back what these did. */
export interface Services extends AsyncDisposable {
  settings: z.output<typeof settingsSchema>;
  /** The source topic that the sample is published to. */
  topic: string;
  kafka: ReturnType<typeof createKafka>;
  openSearch: OpenSearchClient;
  postgres: Pool;
  patience: Patience;
}

export function openServices(environment: NodeJS.ProcessEnv, stop: AbortSignal): Services {
  const settings = readConfiguration(settingsSchema, environment);
  // The command speaks to a person; the processes have the logs.
  const log = new Log("cli", { destination: { write: () => undefined } });
  const patience = { log, health: new Health(), backoff: { initialMs: 200, maxMs: 2_000 }, hardStop: stop };
  const openSearch = openOpenSearch(settings, patience);
  const postgres = openPostgres(settings, patience);
  return {
    settings,
    topic: settings.KAFKA_TOPICS[0] ?? "",
    kafka: createKafka(settings, "millrace-cli", log),
    openSearch,
    postgres,
    patience,
    async [Symbol.asyncDispose]() {
      await Promise.all([postgres.end(), openSearch.close()]);
    },
  };
}
