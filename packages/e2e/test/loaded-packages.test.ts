import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { openTestbed } from "../src/testbed.ts";

/** Packages that take megabytes and that only some processes need; garbage collection costs grow with the heap. */
const heavy =
  /^(@aws-sdk\/|@smithy\/|aws-msk-iam-sasl-signer-js|@opensearch-project\/|pg$|gpt-tokenizer|openai$|@opentelemetry\/(?!api$)|@kafkajs\/|protobufjs$|avsc$|ajv$)/;

it("a process loads the clients that it uses, and no other's", async () => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
  const preload = new URL("../src/record-packages.ts", import.meta.url).href;
  const environment = { NODE_OPTIONS: `--import=${preload}`, PACKAGES_DIRECTORY: directory };
  const options = { stack: inject("stack"), logDirectory: directory, environment };
  await using testbed = await openTestbed(`packages_${process.pid}`, options);
  const { pipeline } = testbed;
  const pids = pipeline.processes.map(({ name, pid }) => ({ name, pid }));
  await pipeline.stop();
  const loaded = await Promise.all(
    pids.map(async ({ name, pid }) => {
      const packages: string[] = JSON.parse(await readFile(join(directory, `${pid}.json`), "utf8"));
      return [name, packages.filter((each) => heavy.test(each)).sort()];
    }),
  );
  const stores = ["@opensearch-project/opensearch", "pg"];
  expect(Object.fromEntries(loaded)).toEqual({
    ingest: [],
    embed: [],
    sink: stores,
    // It encodes events in every format.
    api: ["@kafkajs/confluent-schema-registry", "ajv", "avsc", "protobufjs", ...stores].sort(),
  });
});
