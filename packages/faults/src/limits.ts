// Peak memory of every process where the input is as bad as it gets:
//   npm run limits [-- --seconds 60] [--messages 1000000] [--json]

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectProducer, type OutgoingRecord } from "@millrace/kafka";
import { isolated, lease, type Stack, startPipeline } from "@millrace/stack";
import { clean, startProxy } from "@millrace/testbed";
import { Command } from "commander";
import { watchMemory } from "./memory.ts";
import { openServices, type Services } from "./services.ts";

/** What no process may need more of. */
const MEMORY_MAX_BYTES = 300 * 1024 * 1024;
const MEGABYTE = 1_048_576;
const CHUNK_BYTES = 800_000;

interface Options {
  seconds: number;
  messages: number;
  only?: number;
  stack: string;
  json?: true;
}

interface Scenario {
  name: string;
  messages: number;
  /** The value of a message, given its number. */
  value: (index: number) => Buffer;
  environment?: Record<string, string>;
  slowStore?: true;
}

interface Result {
  scenario: string;
  messages: number;
  recorded: number;
  seconds: number;
  peakMegabytes: Record<string, number>;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

await new Command("limits")
  .description("Measures the peak memory of every process under a backlog, huge messages, and a slow store.")
  .option("--seconds <number>", "how long each scenario is watched", Number, 60)
  .option("--messages <number>", "of the backlog", Number, 1_000_000)
  .option("--only <number>", "one scenario, from 1 to 3", Number)
  .option("--stack <name>", "the stack to run on", "limits")
  .option("--json", "print the results as JSON")
  .action(main)
  .parseAsync();

async function main({ seconds, messages, only, stack: name, json }: Options): Promise<void> {
  await using stack = await lease({ name, onProgress: say });
  const results: Result[] = [];
  const chosen = scenarios(messages).filter((_, index) => only === undefined || only === index + 1);
  for (const scenario of chosen) results.push(await measure(scenario, seconds, stack));
  process.stdout.write(`${json ? JSON.stringify(results) : table(results)}\n`);
  const most = Math.max(...results.flatMap(({ peakMegabytes }) => Object.values(peakMegabytes)));
  if (most * MEGABYTE > MEMORY_MAX_BYTES) process.exitCode = 1;
}

function scenarios(messages: number): Scenario[] {
  const short = (index: number): Buffer =>
    Buffer.from(`Message ${index} asks when the card of customer ${index % 977} will arrive.`);
  const blob = "x".repeat(MEGABYTE - 1_024);
  return [
    { name: "a backlog of short messages", messages, value: short },
    {
      name: "messages of 1 MB with a short text",
      messages: 400,
      value: (index) => Buffer.from(JSON.stringify({ text: short(index).toString(), blob })),
      environment: { TEXT_FIELD: "/text" },
    },
    { name: "a store that takes 300 ms for every 64 kB", messages: 100_000, value: short, slowStore: true },
  ];
}

async function measure(scenario: Scenario, seconds: number, stack: Stack): Promise<Result> {
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
    // Once, so that the topics are there; nothing is consumed while the backlog grows.
    await using _pipeline = await startPipeline(pipelineOptions);
  }
  await publish(scenario, services);
  await using pipeline = await startPipeline(pipelineOptions);
  const memory = watchMemory(() => pipeline.processes);
  const recorded = await watch(services, scenario.messages, seconds);
  memory.stop();
  await pipeline.stop();
  await clean(services);
  const peakMegabytes = Object.fromEntries(
    [...memory.peaks].map(([name, bytes]) => [name, Math.round(bytes / MEGABYTE)]),
  );
  return { scenario: scenario.name, messages: scenario.messages, recorded, seconds, peakMegabytes };
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
    partition = (partition + 1) % 8;
  }
}

/** Watches for a time, or until all is done; returns how many messages have their row. */
async function watch({ postgres }: Services, messages: number, seconds: number): Promise<number> {
  let recorded = 0;
  for (let elapsed = 0; elapsed < seconds && recorded < messages; elapsed++) {
    await sleep(1_000);
    const { rows } = await postgres.query<{ count: number }>("SELECT count(*)::integer AS count FROM demo_log");
    recorded = rows[0]?.count ?? 0;
    if (elapsed % 10 === 9) say(`  ${elapsed + 1} s: ${recorded} recorded`);
  }
  return recorded;
}

function table(results: readonly Result[]): string {
  const names = ["ingest", "embed", "sink", "api"];
  const rows = results.map(({ scenario, messages, recorded, seconds, peakMegabytes }) => {
    const peaks = names.map((name) => `${peakMegabytes[name]} MB`).join(" | ");
    return `| ${scenario} | ${messages} | ${recorded} in ${seconds} s | ${peaks} |`;
  });
  return [
    `| input | messages | recorded | ${names.join(" | ")} |`,
    `| --- | --- | --- |${" --- |".repeat(names.length)}`,
    ...rows,
  ].join("\n");
}
