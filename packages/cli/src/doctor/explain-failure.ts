import { redisSettings } from "@millrace/connections";
import type { Examination } from "@millrace/doctor";
import {
  examineKafka,
  examineOpenSearch,
  examinePostgres,
  examineRedis,
  networkFailure,
  redactor,
  remedyText,
  verdicts,
} from "@millrace/doctor";
import { kafkaSettings, topicSettings } from "@millrace/kafka";
import { openOpenSearch, openSearchSettings } from "@millrace/opensearch";
import { openPostgres, postgresSettings } from "@millrace/postgres";
import { describeCause, readConfiguration } from "@millrace/shared";
import { z } from "zod";

/** A service that commands use directly. */
export type CommandService = keyof typeof services;

const postgres = z.object(postgresSettings);
const openSearch = z.object(openSearchSettings);
const redis = z.object(redisSettings);
const kafka = z.object({ ...kafkaSettings, ...topicSettings });

const services = {
  kafka: {
    title: "Kafka",
    variables: ["KAFKA_BOOTSTRAP_SERVERS"],
    examine: (environment: NodeJS.ProcessEnv) => examineKafka("cli", readConfiguration(kafka, environment)),
  },
  postgres: {
    title: "PostgreSQL",
    variables: ["POSTGRES_HOST", "POSTGRES_PORT"],
    examine: (environment: NodeJS.ProcessEnv) =>
      examinePostgres(readConfiguration(postgres, environment), openPostgres, { writes: false }),
  },
  opensearch: {
    title: "OpenSearch",
    variables: ["OPENSEARCH_ENDPOINT"],
    examine: (environment: NodeJS.ProcessEnv) =>
      examineOpenSearch("cli", readConfiguration(openSearch, environment), openOpenSearch),
  },
  redis: {
    title: "Redis",
    variables: ["REDIS_HOST", "REDIS_PORT"],
    examine: (environment: NodeJS.ProcessEnv) => examineRedis(readConfiguration(redis, environment)),
  },
};

/**
 * Explains an error of a service's client in the doctor's words, without trying anything.
 *
 * @returns one line: the service, its address and its variables, the response and, if known, the remedy
 */
export async function explainFailure(
  service: CommandService,
  error: unknown,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const { title, variables, examine } = services[service];
  const examination = examine(environment);
  await examination.close?.();
  const failure = examination.explain?.(error, "probe") ?? networkFailure(error, "probe");
  const where = `${title} at ${addressOf(examination)} (${variables.join(", ")})`;
  // A URL may contain a login.
  const said = redactor([])(failure?.said ?? describeCause(error));
  if (!failure) return `${where}: the request failed: ${said}.`;
  const remedy = remedyText(failure.code, { ...examination.names, ...failure.names });
  return `${where}: ${verdicts[failure.code].meaning} Response: ${said}. ${remedy}`;
}

function addressOf({ checks }: Examination): string {
  return checks.find(({ step }) => step === "tcp")?.tried ?? "";
}
