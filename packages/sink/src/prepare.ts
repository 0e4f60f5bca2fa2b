import { createKafka, ensurePipelineTopics } from "@millrace/kafka";
import { openPostgres } from "@millrace/postgres";
import { runProcess } from "@millrace/shared";
import { sinkConfig } from "./config.ts";
import { prepareDatabase } from "./postgres/prepare-database.ts";

// Makes what the processes need, and ends: the table and the topics. Run before a release by an account that may make
// them, it lets the processes themselves do without those rights (POSTGRES_MIGRATE and KAFKA_CREATE_TOPICS false).
await runProcess("sink", sinkConfig, async (context) => {
  const { config, log, health, instance, patience } = context;
  // From here on an end before its time is an error: it must not be taken for a finished preparation.
  health.started();

  const postgres = openPostgres(config, patience);
  await prepareDatabase(postgres, config, patience);
  log.record("process.start", "ok", undefined, { dependency: "postgres", schema: config.POSTGRES_SCHEMA });

  const kafka = createKafka(config, `prepare-${instance}`, log);
  await ensurePipelineTopics(kafka, { ...config, KAFKA_CREATE_TOPICS: true }, patience);
  log.record("process.start", "ok", undefined, { dependency: "kafka.topics", topics: config.KAFKA_TOPICS });
});
