import { redisSettings } from "@millrace/connections";
import { kafkaSettings, topicSettings } from "@millrace/kafka";
import { openSearchSettings } from "@millrace/opensearch";
import { postgresSettings } from "@millrace/postgres";
import { ConfigurationError, processSettings, readConfiguration } from "@millrace/shared";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";

test("10,000 environments: each is valid, or refused with every problem named and no value quoted", () => {
  const schema = z.object({
    ...processSettings,
    ...kafkaSettings,
    ...topicSettings,
    ...postgresSettings,
    ...openSearchSettings,
    ...redisSettings,
  });
  const secret = "hunter2-hunter2";
  const value = fc.oneof(
    fc.constantFrom(
      "",
      "0",
      "-1",
      "1e9",
      "true",
      "yes",
      "localhost",
      "a:1,b:2",
      "http://x",
      "ftp://x",
      "../..",
      secret,
      "a".repeat(5_000),
    ),
    fc.string(),
  );
  const environment = fc.dictionary(fc.constantFrom(...Object.keys(schema.shape)), value, { maxKeys: 12 });
  fc.assert(
    fc.property(environment, (variables) => {
      try {
        readConfiguration(schema, variables);
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        expect(error.message).not.toContain(secret);
      }
    }),
    { numRuns: 10_000 },
  );
});
