import { createKafka, ensurePipelineTopics } from "@millrace/kafka";
import { openPostgres } from "@millrace/postgres";
import { runProcess } from "@millrace/shared";
import { sinkConfig } from "./config.ts";
import { prepareDatabase } from "./postgres/prepare-database.ts";

// Creates the table and the topics, then exits. Run before a release under an account with those rights, so that the
// processes themselves don't need them (POSTGRES_MIGRATE and KAFKA_CREATE_TOPICS false).
await runProcess("sink", sinkConfig, async (context) => {
  const { config, log, health, instance, patience } = context;
  // From here on an early stop must exit with an error, so that it does not pass for a completed preparation.
  health.started();

  const postgres = openPostgres(config, patience);
  await prepareDatabase(postgres, config, patience);
  log.record("process.start", "ok", undefined, { dependency: "postgres", schema: config.POSTGRES_SCHEMA });

  const kafka = createKafka(config, `prepare-${instance}`, log);
  await ensurePipelineTopics(kafka, { ...config, KAFKA_CREATE_TOPICS: true }, patience);
  log.record("process.start", "ok", undefined, { dependency: "kafka.topics", topics: config.KAFKA_TOPICS });
});
