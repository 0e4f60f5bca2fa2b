import type { OffsetRange, TopicReader } from "@millrace/kafka";
import { CommandError } from "./errors.ts";
import { ask } from "./services.ts";

/** The offsets that each partition of a topic holds now, optionally from a time on. */
export async function topicRanges(reader: TopicReader, topic: string, fromMs?: number): Promise<OffsetRange[]> {
  const ranges = await ask("kafka", reader.ranges(topic, fromMs));
  if (!ranges) throw new CommandError(`Topic ${topic} does not exist: name an existing one with --topic.`);
  return ranges;
}
