import { expect, test } from "vitest";
import { z } from "zod";
import { ConfigurationError, describeVariables, readConfiguration, variable } from "./config.ts";

const schema = z.object({
  PORT: variable.integer(1, 65_535).default(8080).meta({ description: "The port." }),
  BROKERS: variable.hostPorts().meta({ description: "The brokers." }),
  PASSWORD: z.string().min(12).optional().meta({ description: "The password.", secret: true }),
  CREATE: variable.flag().default(true).meta({ description: "Create it." }),
  ENDPOINT: variable.url().optional().meta({ description: "The URL." }),
});

test("reads typed values and defaults; an empty variable counts as absent", () => {
  expect(readConfiguration(schema, { BROKERS: "a:1, b:2", PORT: "", CREATE: "false", ENDPOINT: "http://x/" })).toEqual({
    PORT: 8080,
    BROKERS: ["a:1", "b:2"],
    CREATE: false,
    ENDPOINT: "http://x",
  });
});

test("reports every problem at once with the variable's description, and never quotes a value", () => {
  const problems = problemsOf({ PORT: "seventy", PASSWORD: "secret", CREATE: "perhaps" });
  expect(problems).toHaveLength(4);
  expect(problems[0]).toMatch(/^PORT is refused: .*\. The port\.$/);
  expect(problems[1]).toBe("BROKERS is missing. The brokers.");
  expect(problems.join()).not.toContain("secret");
  expect(problems.join()).not.toContain("seventy");
});

test("rejects numbers out of range, naming the bound, and host names without a port", () => {
  expect(problemsOf({ BROKERS: "a:1", PORT: "70000" })).toEqual([expect.stringMatching(/refused: .*65535/)]);
  expect(problemsOf({ BROKERS: "a:1", PORT: "-3" })).toEqual([expect.not.stringContaining("not a number")]);
  expect(problemsOf({ BROKERS: "a:1", PORT: "x" })).toEqual([expect.stringContaining("not a number")]);
  expect(problemsOf({ BROKERS: "localhost" })[0]).toContain("host:port");
});

test("describes its variables for docs/configuration.md and .env.example", () => {
  expect(describeVariables(schema).slice(0, 3)).toEqual([
    { name: "PORT", description: "The port.", defaultValue: "8080", required: false, secret: false },
    { name: "BROKERS", description: "The brokers.", required: true, secret: false },
    { name: "PASSWORD", description: "The password.", required: false, secret: true },
  ]);
});

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfiguration(schema, environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  throw new Error("the configuration was accepted");
}
