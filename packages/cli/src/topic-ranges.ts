import type { OffsetRange, TopicReader } from "@millrace/kafka";
import { CommandError } from "./errors.ts";
import { ask } from "./services.ts";

/** The offsets that each partition of a topic holds now, at and after a time where one is given. */
export async function topicRanges(reader: TopicReader, topic: string, fromMs?: number): Promise<OffsetRange[]> {
  const ranges = await ask("kafka", reader.ranges(topic, fromMs));
  if (!ranges) throw new CommandError(`There is no topic ${topic}: give one that there is by --topic.`);
  return ranges;
}
