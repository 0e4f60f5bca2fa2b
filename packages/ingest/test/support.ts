import { readConfiguration } from "@millrace/shared";
import { openEdges as openStageEdges } from "@millrace/stage/testing";
import { testEnvironment } from "@millrace/testbed";
import { type IngestConfig, ingestConfig } from "../src/config.ts";

export { CLOSED_PORT, eventually, type TestPatience, testPatience } from "@millrace/testbed";

export function testConfig(overrides: Record<string, string> = {}): IngestConfig {
  return readConfiguration(ingestConfig, testEnvironment(overrides));
}

export function openEdges(config: IngestConfig) {
  return openStageEdges("ingest", config);
}
