import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Component } from "../cache.ts";
import { cacheDirectory } from "../directories.ts";
import { HOST } from "../environment.ts";
import { exchange } from "../exchange.ts";
import { compilerOptions, heapMegabytes } from "../jvm.ts";
import { fetchByMaven, type MavenRecipe, recipeHash } from "../maven.ts";
import type { Launch, LaunchContext, Service } from "../service.ts";
import type { Ports } from "../state.ts";
import { runTool } from "../tool.ts";

const VERSION = "4.3.1";
const TITLE = `Kafka ${VERSION}`;

const recipe: MavenRecipe = {
  libraries: [
    { group: "org.apache.kafka", artifact: "kafka_2.13", version: VERSION },
    { group: "org.slf4j", artifact: "slf4j-simple", version: "1.7.36" },
  ],
  extras: [],
};

export const kafka: Service = {
  name: "kafka",
  title: TITLE,
  get component(): Component {
    return {
      title: TITLE,
      key: `kafka-${VERSION}-${recipeHash(recipe)}`,
      root: cacheDirectory(),
      fill: (directory, progress) => fetchByMaven(recipe, directory, { title: TITLE, totalBytes: 47e6, progress }),
    };
  },
  stopSignal: "SIGTERM",
  portsOf: (ports) => [ports.kafka, ports.kafkaController],
  home: (directory) => join(directory, "kafka"),
  prepare,
  answers,
};

async function prepare({ programs, home, java, ports }: LaunchContext): Promise<Launch> {
  const dataDirectory = join(home, "data");
  await mkdir(dataDirectory, { recursive: true });
  const properties = join(home, "server.properties");
  await writeFile(properties, serverProperties(dataDirectory, ports));
  const options = [
    "-Xms128m",
    `-Xmx${heapMegabytes("MILLRACE_KAFKA_HEAP_MB", 512)}m`,
    "-XX:+UseSerialGC",
    ...compilerOptions(),
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    ...["-cp", join(programs, "lib", "*")],
  ];
  if (!existsSync(join(dataDirectory, "meta.properties"))) await formatStorage(java, options, properties);
  return { command: java, arguments: [...options, "kafka.Kafka", properties] };
}

/** KRaft starts only on a formatted data directory; formatting an interrupted one again is harmless. */
export async function formatStorage(
  java: string,
  options: string[],
  properties: string,
  more: string[] = [],
): Promise<void> {
  const tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted"];
  const args = [...options, ...tool, `--cluster-id=${clusterId()}`, "--config", properties, ...more];
  await runTool(`Formatting the data folder of ${TITLE}`, java, args);
}

/** 16 bytes in URL-safe base64; the first byte keeps it from starting with a dash. */
function clusterId(): string {
  return Buffer.concat([Buffer.of(0), randomBytes(15)]).toString("base64url");
}

const REQUEST_MAX_BYTES = 32 * 1024 ** 2;

function serverProperties(dataDirectory: string, ports: Ports): string {
  return `# Written at each start.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${HOST}:${ports.kafkaController}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://${HOST}:${ports.kafka},CONTROLLER://${HOST}:${ports.kafkaController}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${dataDirectory}
# One node holds every replica.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A mistyped topic is an error, not a new topic.
auto.create.topics.enable=false
# A first member gets its partitions at once, and tests may use short sessions.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes=${REQUEST_MAX_BYTES}
replica.fetch.max.bytes=${REQUEST_MAX_BYTES}
`;
}

async function answers(ports: Ports): Promise<boolean> {
  return answersMetadata(ports.kafka);
}

/**
 * Requests the cluster's brokers (Metadata, version 4: https://kafka.apache.org/protocol#The_Messages_Metadata). A
 * broker that may not serve yet is missing from the response.
 */
export async function answersMetadata(port: number): Promise<boolean> {
  const answer = await exchange(port, metadataRequest(), isComplete);
  return answer !== undefined && brokerCount(answer) > 0;
}

const METADATA = 3;
const METADATA_VERSION = 4;

function metadataRequest(): Buffer {
  const clientId = Buffer.from("millrace-stack");
  const header = Buffer.alloc(10);
  header.writeInt16BE(METADATA, 0);
  header.writeInt16BE(METADATA_VERSION, 2);
  header.writeInt32BE(1, 4);
  header.writeInt16BE(clientId.length, 8);
  // No topics (an empty array), and none to create.
  const body = Buffer.alloc(5);
  const length = Buffer.alloc(4);
  length.writeInt32BE(header.length + clientId.length + body.length);
  return Buffer.concat([length, header, clientId, body]);
}

function isComplete(answer: Buffer): boolean {
  return answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0);
}

/** After the length: correlation id and throttle time, four bytes each, then the array of brokers. */
function brokerCount(answer: Buffer): number {
  return answer.length >= 16 ? answer.readInt32BE(12) : 0;
}
