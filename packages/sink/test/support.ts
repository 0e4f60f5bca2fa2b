import { readConfiguration } from "@millrace/shared";
import { openEdges as openStageEdges } from "@millrace/stage/testing";
import { testEnvironment } from "@millrace/testbed";
import { type SinkConfig, sinkConfig } from "../src/config.ts";

export { CLOSED_PORT, eventually, type TestPatience, testPatience } from "@millrace/testbed";

export function testConfig(overrides: Record<string, string> = {}): SinkConfig {
  return readConfiguration(sinkConfig, testEnvironment(overrides));
}

export function openEdges(config: SinkConfig) {
  return openStageEdges("sink", config);
}
