import { z } from "zod";
import { readConfiguration } from "../config.ts";
import { describeCause } from "../fault.ts";
import { kafkaSettings, openSearchSettings, postgresSettings, redisSettings, topicSettings } from "../settings.ts";
import type { Examination } from "./check.ts";
import { examineKafka } from "./kafka.ts";
import { networkFailure } from "./network.ts";
import { redactor } from "./redact.ts";
import { examineRedis } from "./redis.ts";
import type { DoctorSettings } from "./settings.ts";
import { remedyText, verdicts } from "./verdicts.ts";

/** A service that commands speak to themselves. */
export type ServiceName = keyof typeof services;

const postgres = z.object(postgresSettings);
const openSearch = z.object(openSearchSettings);
const redis = z.object(redisSettings);
const kafka = z.object({ ...kafkaSettings, ...topicSettings });

const services = {
  kafka: {
    title: "Kafka",
    variables: ["KAFKA_BOOTSTRAP_SERVERS"],
    examine: async (environment: NodeJS.ProcessEnv) =>
      // Of what else the doctor knows, explaining needs nothing.
      examineKafka("cli", readConfiguration(kafka, environment) as DoctorSettings),
  },
  postgres: {
    title: "PostgreSQL",
    variables: ["POSTGRES_HOST", "POSTGRES_PORT"],
    async examine(environment: NodeJS.ProcessEnv) {
      const { examinePostgres } = await import("./postgres.ts");
      return examinePostgres(
        readConfiguration(postgres, environment) as DoctorSettings & z.output<typeof postgres>,
        false,
      );
    },
  },
  opensearch: {
    title: "OpenSearch",
    variables: ["OPENSEARCH_ENDPOINT"],
    async examine(environment: NodeJS.ProcessEnv) {
      const { examineOpenSearch } = await import("./opensearch.ts");
      const settings = readConfiguration(openSearch, environment) as DoctorSettings & z.output<typeof openSearch>;
      return examineOpenSearch("cli", settings, undefined);
    },
  },
  redis: {
    title: "Redis",
    variables: ["REDIS_HOST", "REDIS_PORT"],
    examine: async (environment: NodeJS.ProcessEnv) => examineRedis(readConfiguration(redis, environment)),
  },
};

/**
 * What an error means that a service's client ended with, in the doctor's words; nothing is tried.
 *
 * @returns a line: the service, its address, the variables of that, what it said and, where that is known, the remedy
 */
export async function explainFailure(
  service: ServiceName,
  error: unknown,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const { title, variables, examine } = services[service];
  const examination = await examine(environment);
  await examination.close?.();
  const failure = examination.explain?.(error, "probe") ?? networkFailure(error, "probe");
  const where = `${title} at ${addressOf(examination)} (${variables.join(", ")})`;
  // A URL may hold a login.
  const said = redactor([])(failure?.said ?? describeCause(error));
  if (!failure) return `${where} did not do what was asked: ${said}.`;
  const remedy = remedyText(failure.code, { ...examination.names, ...failure.names });
  return `${where}: ${verdicts[failure.code].meaning} It came back: ${said}. ${remedy}`;
}

function addressOf({ checks }: Examination): string {
  return checks.find(({ step }) => step === "tcp")?.tried ?? "";
}
