import { describeCause, type OffsetRange, type TopicReader } from "@millrace/shared";
import { CommandError } from "./errors.ts";

/** The offsets that each partition of a topic holds now, at and after a time where one is given. */
export async function topicRanges(reader: TopicReader, topic: string, fromMs?: number): Promise<OffsetRange[]> {
  const ranges = await reader.ranges(topic, fromMs).catch((error) => {
    throw new CommandError(`The offsets of topic ${topic} could not be read (${describeCause(error)}): try again.`);
  });
  if (!ranges) throw new CommandError(`There is no topic ${topic}: give one that there is by --topic.`);
  return ranges;
}
