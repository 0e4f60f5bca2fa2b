import { checkIdentity, redisSettings } from "@millrace/connections";
import { kafkaSettings } from "@millrace/kafka";
import { openSearchSettings } from "@millrace/opensearch";
import { postgresSettings } from "@millrace/postgres";
import { ConfigurationError, readConfiguration } from "@millrace/shared";
import { expect, test } from "vitest";
import { z } from "zod";

const schema = z
  .object({ ...kafkaSettings, ...openSearchSettings, ...postgresSettings, ...redisSettings })
  .superRefine(checkIdentity);

const addresses = {
  KAFKA_BOOTSTRAP_SERVERS: "broker:9098",
  OPENSEARCH_ENDPOINT: "https://search",
  POSTGRES_HOST: "database",
  REDIS_HOST: "cache",
};

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfiguration(schema, { ...addresses, ...environment });
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

test("IAM for every service requires the region, and ElastiCache its user and cache; each problem is listed once", () => {
  const flags = Object.fromEntries(
    ["KAFKA", "POSTGRES", "OPENSEARCH", "REDIS"].map((service) => [`${service}_USE_IAM_AUTH`, "true"]),
  );
  const problems = problemsOf(flags);
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
    "AWS_REGION",
    "REDIS_USERNAME",
    "REDIS_IAM_CACHE_NAME",
  ]);
  const identity = { AWS_REGION: "eu-west-1", REDIS_USERNAME: "millrace", REDIS_IAM_CACHE_NAME: "progress" };
  expect(problemsOf({ ...flags, ...identity })).toEqual([]);
});

test.each([
  [{ KAFKA_SECURITY: "iam" }, ["AWS_REGION is missing"]],
  [{ KAFKA_SECURITY: "scram" }, ["KAFKA_SCRAM_USERNAME is missing", "KAFKA_SCRAM_PASSWORD is missing"]],
  [{ KAFKA_SECURITY: "tls", KAFKA_TLS_KEY_PATH: "key.pem" }, ["KAFKA_TLS_CERTIFICATE_PATH is missing"]],
  [{ KAFKA_SECURITY: "tls", KAFKA_USE_IAM_AUTH: "true", AWS_REGION: "eu-west-1" }, ["KAFKA_SECURITY is refused"]],
  [{ AWS_REGION: "Ireland" }, ["AWS_REGION is refused"]],
  [{ KAFKA_SECURITY: "tls" }, []],
  [{}, []],
])("%o is refused for %o", (environment, expected) => {
  const problems = problemsOf(environment);
  expect(problems).toHaveLength(expected.length);
  for (const [index, start] of expected.entries()) expect(problems[index]).toMatch(start);
});
