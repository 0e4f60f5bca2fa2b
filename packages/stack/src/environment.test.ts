import { expect, test } from "vitest";
import { environmentLines, environmentOf } from "./environment.ts";

test("the settings are printed as the processes read them", () => {
  const ports = {
    kafka: 1,
    kafkaController: 2,
    opensearch: 3,
    opensearchTransport: 4,
    postgres: 5,
    redis: 6,
    registry: 7,
    registryManagement: 8,
  };
  expect(environmentLines(environmentOf(ports, []))).toBe(`KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1
OPENSEARCH_ENDPOINT=http://127.0.0.1:3
POSTGRES_HOST=127.0.0.1
POSTGRES_PORT=5
POSTGRES_USER=millrace
POSTGRES_PASSWORD=millrace
POSTGRES_DATABASE=millrace
REDIS_HOST=127.0.0.1
REDIS_PORT=6
`);
  expect(environmentOf(ports, ["registry"])).toMatchObject({
    SCHEMA_REGISTRY_URL: "http://127.0.0.1:7/apis/ccompat/v7",
  });
});
