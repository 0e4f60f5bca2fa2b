import {
  checkIdentity,
  firstConnection,
  openRedis,
  redisSettings,
  schemaRegistrySettings,
} from "@millrace/connections";
import { openValueDecoder } from "@millrace/events/value-decoder";
import { decodeRules, textSettings } from "@millrace/ingest";
import {
  createKafka,
  createTopicReader,
  kafkaSettings,
  type OffsetRange,
  readRanges,
  topicSettings,
} from "@millrace/kafka";
import { dimensionsOf, Health, Log, modelSettings, readConfiguration } from "@millrace/shared";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { createEstimator, type Estimate } from "../cost/estimate.ts";
import { costReport, costTable } from "../cost/report.ts";
import { parseMoment } from "../durations.ts";
import { topicRanges } from "../topic-ranges.ts";

interface Options {
  topic?: string;
  from?: number;
  until?: number;
  price?: number;
  json?: true;
}

const help = `
Reads the topic, and asks Redis which texts already have a vector. Nothing is spent, with or without --dry-run.
Messages are read as ingest reads them (TEXT_FIELD, MESSAGE_MAX_BYTES, …), for the model that embed is configured with
(OPENAI_EMBEDDING_MODEL, OPENAI_EMBEDDING_DIMENSIONS); other models are shown for comparison.`;

const settings = z.object({
  ...kafkaSettings,
  ...topicSettings,
  ...textSettings,
  ...schemaRegistrySettings,
  ...modelSettings,
  ...redisSettings,
});
type CostConfig = z.output<typeof settings>;

/** @param giveUp ends every wait */
export function costCommand(giveUp: AbortSignal): Command {
  return new Command("cost")
    .description(
      "estimate the tokens and dollars of a topic by model, and what the cache saves, before anything is spent",
    )
    .option("--topic <topic>", "default: the first of KAFKA_TOPICS")
    .option("--from <time>", "only messages from this time on (ISO 8601, or 15m for 15 minutes ago)", parseMoment)
    .option("--until <time>", "only messages before this time", parseMoment)
    .option("--price <dollars>", "per million tokens of the configured model, instead of the list price", parsePrice)
    .option("--dry-run", "the default: the command never spends anything")
    .option("--json", "print the report as JSON")
    .addHelpText("after", help)
    .action((options: Options) => run(options, giveUp));
}

async function run(options: Options, giveUp: AbortSignal): Promise<void> {
  const config = readConfiguration(settings.superRefine(checkIdentity), process.env);
  const { OPENAI_EMBEDDING_MODEL: model, EMBEDDING_PRICE_USD_PER_MILLION_TOKENS: configured } = config;
  const topic = options.topic ?? config.KAFKA_TOPICS[0] ?? "";
  const estimate = await estimateTopic(config, topic, options, giveUp);
  const report = costReport(topic, estimate, { model, price: options.price ?? configured });
  process.stdout.write(`${options.json ? JSON.stringify(report, undefined, 2) : costTable(report)}\n`);
}

async function estimateTopic(
  config: CostConfig,
  topic: string,
  { from, until }: Options,
  giveUp: AbortSignal,
): Promise<Estimate> {
  const log = new Log("cost", { level: "silent" });
  const patience = { log, health: new Health(), backoff: { initialMs: 100, maxMs: 1_000 }, hardStop: giveUp };
  await using reader = createTopicReader(createKafka(config, "millrace-cost", log));
  const redis = openRedis(config, patience);
  try {
    await firstConnection(redis, config);
    const { REDIS_KEY_PREFIX: keyPrefix, OPENAI_EMBEDDING_MODEL: model } = config;
    const estimator = createEstimator({
      rules: decodeRules(config),
      values: await openValueDecoder(config, patience),
      cache: { redis, keyPrefix, model },
      dimensions: config.OPENAI_EMBEDDING_DIMENSIONS ?? dimensionsOf(model),
    });
    const ranges = cut(
      await topicRanges(reader, topic, from),
      until === undefined ? [] : await topicRanges(reader, topic, until),
    );
    const showProgress = progressOf(ranges);
    for await (const record of readRanges(reader, topic, ranges, giveUp)) {
      showProgress();
      const asking = estimator.add(record);
      if (asking) await asking;
    }
    return await estimator.end();
  } finally {
    redis.disconnect();
  }
}

/** @param after the ranges from the end time on; a partition without one has no end */
function cut(ranges: readonly OffsetRange[], after: readonly OffsetRange[]): OffsetRange[] {
  const ends = new Map(after.map(({ partition, from }) => [partition, from]));
  return ranges.map((range) => ({ ...range, to: Math.max(range.from, ends.get(range.partition) ?? range.to) }));
}

function progressOf(ranges: readonly OffsetRange[]): () => void {
  const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  let read = 0;
  return () => {
    read++;
    if (process.stderr.isTTY && (read % 10_000 === 0 || read === total)) process.stderr.write(`\r${read} of ${total} `);
    if (process.stderr.isTTY && read === total) process.stderr.write("\n");
  };
}

function parsePrice(text: string): number {
  const price = Number(text);
  if (!(price >= 0)) throw new InvalidArgumentError("Not a price in dollars such as 0.02.");
  return price;
}
