import { namesMatching } from "@millrace/shared";
import { type KafkaRightsSettings, type RoleName, rolesOf, type Subject } from "../subject.ts";

/**
 * What a role does with Kafka; its policy and its checks both derive from this. A topic that ends in `*` stands for
 * every topic with that prefix.
 */
export interface KafkaRights {
  reads: string[];
  writes: string[];
  /** Whether one of its producers is idempotent. */
  writesIdempotently: boolean;
  /** Topics whose partitions and offsets it reads. */
  describes: string[];
  /**
   * The described topics that must exist or be created; topics of events come with their first event, and may be
   * missing.
   */
  expects: string[];
  creates: string[];
  /** Consumer groups that it joins. */
  joins: string[];
  /** Consumer groups whose offsets it reads. */
  observes: string[];
}

export function kafkaRights(subject: Subject, settings: KafkaRightsSettings): KafkaRights {
  const each = rolesOf(subject).map((role) => rightsOf(role, settings));
  const union = (part: Exclude<keyof KafkaRights, "writesIdempotently">) => [
    ...new Set(each.flatMap((rights) => rights[part])),
  ];
  return {
    reads: union("reads"),
    writes: union("writes"),
    writesIdempotently: each.some(({ writesIdempotently }) => writesIdempotently),
    describes: union("describes"),
    expects: union("expects"),
    creates: union("creates"),
    joins: union("joins"),
    observes: union("observes"),
  };
}

function rightsOf(role: RoleName, settings: KafkaRightsSettings): KafkaRights {
  const { KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC } = settings;
  const all = [...KAFKA_TOPICS, BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC];
  const group = (stage: string) => `${settings.KAFKA_GROUP_PREFIX}-${stage}`;
  const isApi = role === "api";
  // Without tokens, /api/v1 is closed to every caller from elsewhere, so no events are written.
  const servesEvents = isApi && (settings.AUTH_JWKS_URL ?? settings.AUTH_HS256_SECRET) !== undefined;
  const events = servesEvents ? namesMatching(settings.EVENTS_TOPIC_PATTERN ?? "") : [];
  const eventDeadLetters = servesEvents && settings.EVENTS_DLQ_TOPIC !== undefined ? [settings.EVENTS_DLQ_TOPIC] : [];
  const uses = {
    ingest: { reads: [...KAFKA_TOPICS, REPLAY_TOPIC], writes: [BATCHES_TOPIC, DEAD_LETTERS_TOPIC] },
    embed: { reads: [BATCHES_TOPIC], writes: [VECTORS_TOPIC, DEAD_LETTERS_TOPIC] },
    sink: { reads: [VECTORS_TOPIC, DEAD_LETTERS_TOPIC], writes: [DEAD_LETTERS_TOPIC] },
    // Dead letters are read for replay.
    api: {
      reads: [DEAD_LETTERS_TOPIC, ...events],
      writes: [...KAFKA_TOPICS, REPLAY_TOPIC, ...events, ...eventDeadLetters],
    },
    // Reconciles source topics with the stores, and sends missing messages and dead letters through the pipeline again.
    cli: { reads: [...KAFKA_TOPICS, DEAD_LETTERS_TOPIC], writes: [REPLAY_TOPIC] },
  }[role];
  const creates = settings.KAFKA_CREATE_TOPICS && role !== "cli";
  // The api reports every stage's lag; a process that creates topics first checks which of them exist.
  const looksAt = isApi || creates ? all : [...uses.reads, ...uses.writes];
  const describes = [...looksAt, ...events, ...eventDeadLetters];
  return {
    ...uses,
    writesIdempotently: servesEvents,
    describes,
    // The processes create topics that a command lacks.
    expects: creates || !settings.KAFKA_CREATE_TOPICS ? looksAt : [],
    creates: creates ? describes : [],
    joins: isApi || role === "cli" ? [] : [group(role)],
    observes: isApi ? ["ingest", "embed", "sink"].map(group) : [],
  };
}
