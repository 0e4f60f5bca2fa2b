import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectProducer, type OutgoingRecord } from "@millrace/kafka";
import { isolated, type ProcessName, type Stack, startPipeline } from "@millrace/stack";
import { clean, startProxy } from "@millrace/testbed";
import { watchMemory } from "../memory.ts";
import { openServices, type Services } from "../services.ts";
import type { Scenario } from "./scenarios.ts";

export interface Result {
  scenario: string;
  messages: number;
  recorded: number;
  seconds: number;
  peakMegabytes: Partial<Record<ProcessName, number>>;
}

const MEGABYTE = 1_048_576;
const CHUNK_BYTES = 800_000;
const PARTITIONS = 8;

/** Publishes a backlog, and watches the processes while they work on it. */
export async function measure(
  scenario: Scenario,
  seconds: number,
  stack: Stack,
  say: (line: string) => void,
): Promise<Result> {
  say(`\n${scenario.name}: publishing ${scenario.messages} messages`);
  const namespace = isolated(`limits_${process.pid}_${scenario.messages}`);
  await using proxy = await startProxy(Number(new URL(stack.env.OPENSEARCH_ENDPOINT).port));
  if (scenario.slowStore) proxy.mode = "slow";
  const environment = {
    ...namespace,
    EMBEDDING_PROVIDER: "local",
    OPENSEARCH_ENDPOINT: `http://127.0.0.1:${proxy.port}`,
    ...scenario.environment,
  };
  await using services = openServices({ ...stack.env, ...namespace });
  const pipelineOptions = { stack: stack.env, environment, logDirectory: join(stack.directory, "limits") };
  {
    // Creates the topics; nothing is consumed while the backlog grows.
    await using _pipeline = await startPipeline(pipelineOptions);
  }
  await publish(scenario, services);
  await using pipeline = await startPipeline(pipelineOptions);
  const memory = watchMemory(() => pipeline.processes);
  const recorded = await watch(services, scenario.messages, seconds, say);
  memory.stop();
  await pipeline.stop();
  await clean(services);
  const peaks = [...memory.peaks].map(([name, bytes]) => [name, Math.round(bytes / MEGABYTE)]);
  return {
    scenario: scenario.name,
    messages: scenario.messages,
    recorded,
    seconds,
    peakMegabytes: Object.fromEntries(peaks),
  };
}

async function publish({ messages, value }: Scenario, { kafka, patience, topic }: Services): Promise<void> {
  await using producer = await connectProducer(kafka, patience);
  let records: OutgoingRecord[] = [];
  let bytes = 0;
  let partition = 0;
  for (let index = 0; index < messages; index++) {
    const record = { value: value(index), partition };
    records.push(record);
    bytes += record.value.length + 70;
    if (bytes < CHUNK_BYTES && index < messages - 1) continue;
    await producer.send(topic, records);
    records = [];
    bytes = 0;
    partition = (partition + 1) % PARTITIONS;
  }
}

/** Watches for some seconds, or until every message has its row; returns how many have. */
async function watch(
  { postgres }: Services,
  messages: number,
  seconds: number,
  say: (line: string) => void,
): Promise<number> {
  let recorded = 0;
  for (let elapsed = 0; elapsed < seconds && recorded < messages; elapsed++) {
    await sleep(1_000);
    const { rows } = await postgres.query<{ count: number }>("SELECT count(*)::integer AS count FROM demo_log");
    recorded = rows[0]?.count ?? 0;
    if (elapsed % 10 === 9) say(`  ${elapsed + 1} s: ${recorded} recorded`);
  }
  return recorded;
}
