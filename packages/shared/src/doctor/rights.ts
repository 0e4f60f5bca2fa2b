import type { TopicSettings } from "../settings.ts";
import { type ProcessName, processesOf, type Subject } from "./settings.ts";

/** What a process does with Kafka; its policy and its checks both come from here. */
export interface KafkaRights {
  reads: string[];
  writes: string[];
  /** Topics whose partitions and offsets it looks at. */
  describes: string[];
  creates: string[];
  /** Consumer groups that it is a member of. */
  joins: string[];
  /** Consumer groups whose offsets it looks at. */
  observes: string[];
}

export function kafkaRights(subject: Subject, settings: TopicSettings): KafkaRights {
  const each = processesOf(subject).map((process) => rightsOf(process, settings));
  const union = (part: keyof KafkaRights) => [...new Set(each.flatMap((rights) => rights[part]))];
  return {
    reads: union("reads"),
    writes: union("writes"),
    describes: union("describes"),
    creates: union("creates"),
    joins: union("joins"),
    observes: union("observes"),
  };
}

function rightsOf(process: ProcessName, settings: TopicSettings): KafkaRights {
  const { KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC } = settings;
  const all = [...KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC];
  const group = (stage: string) => `${settings.KAFKA_GROUP_PREFIX}-${stage}`;
  const uses = {
    ingest: { reads: [...KAFKA_TOPICS, REPLAY_TOPIC], writes: [BATCHES_TOPIC, DEAD_LETTERS_TOPIC] },
    embed: { reads: [BATCHES_TOPIC], writes: [VECTORS_TOPIC, DEAD_LETTERS_TOPIC] },
    sink: { reads: [VECTORS_TOPIC, DEAD_LETTERS_TOPIC], writes: [DEAD_LETTERS_TOPIC] },
    api: { reads: [], writes: KAFKA_TOPICS },
  }[process];
  // The api tells every stage's lag; and whoever creates topics looks first which of all of them exist.
  const looksAtAll = process === "api" || settings.KAFKA_CREATE_TOPICS;
  return {
    ...uses,
    describes: looksAtAll ? all : [...new Set([...uses.reads, ...uses.writes])],
    creates: settings.KAFKA_CREATE_TOPICS ? all : [],
    joins: process === "api" ? [] : [group(process)],
    observes: process === "api" ? ["ingest", "embed", "sink"].map(group) : [],
  };
}
