import { firstConnection, openRedis, type Redis } from "@millrace/connections";
import { readConfiguration } from "@millrace/shared";
import { openEdges as openStageEdges } from "@millrace/stage/testing";
import { testEnvironment, testPatience } from "@millrace/testbed";
import { type EmbedConfig, embedConfig } from "../src/config.ts";

export { CLOSED_PORT, eventually, type TestPatience, testPatience } from "@millrace/testbed";

export function testConfig(overrides: Record<string, string> = {}): EmbedConfig {
  return readConfiguration(embedConfig, testEnvironment(overrides));
}

export function openEdges(config: EmbedConfig) {
  return openStageEdges("embed", config);
}

/** The stack's Redis, ready. */
export async function openTestRedis(config = testConfig()): Promise<Redis> {
  const redis = openRedis(config, testPatience());
  await firstConnection(redis, config);
  return redis;
}
