import { AssignerProtocol, type Kafka, type PartitionAssigner } from "kafkajs";

const { MemberAssignment, MemberMetadata } = AssignerProtocol;

/** The partitions of a member, by topic. */
export type Assignment = Record<string, number[]>;

/**
 * Assigns each partition to a member that subscribes to its topic: the one with the fewest partitions so far, and of those
 * the first by name. If all members subscribe to the same topics, this is round-robin. Topics with few subscribers come
 * first, because they leave the least choice.
 *
 * @param subscriptions the topics of each member, by its ID
 * @param partitions the partitions of each topic; a topic that is missing here is not assigned
 */
export function assignPartitions(
  subscriptions: ReadonlyMap<string, readonly string[]>,
  partitions: ReadonlyMap<string, readonly number[]>,
): Map<string, Assignment> {
  const members = [...subscriptions.keys()].sort();
  const loads = new Map(members.map((member) => [member, 0]));
  const assignments = new Map(members.map((member): [string, Assignment] => [member, {}]));
  const readersOf = (topic: string) => members.filter((member) => subscriptions.get(member)?.includes(topic));
  const topics = [...partitions.keys()].sort().map((topic) => ({ topic, readers: readersOf(topic) }));
  for (const { topic, readers } of topics.toSorted((one, other) => one.readers.length - other.readers.length)) {
    for (const partition of partitions.get(topic) ?? []) {
      const least = Math.min(...readers.map((member) => loads.get(member) ?? 0));
      const owner = readers.find((member) => loads.get(member) === least);
      if (owner === undefined) break;
      loads.set(owner, least + 1);
      const assignment = assignments.get(owner) ?? {};
      assignment[topic] = [...(assignment[topic] ?? []), partition];
    }
  }
  return assignments;
}

/**
 * Assigns to each member only topics that it subscribes to. kafkajs's own assigner assigns the topics of the group's leader
 * to all members. While a new list of topics is rolled out the lists differ: then members get partitions of topics that they
 * don't read, and topics that the leader does not read have no owner. This one has the same name and metadata, so that a
 * group may have members with either.
 *
 * @param onUnknown called if a topic of another member can't be looked up; it has no owner until the next rebalance
 */
export function assignBySubscription(kafka: Kafka, onUnknown: (topic: string, error: unknown) => void) {
  const name = "RoundRobinAssigner";
  const version = 0;
  const assigner: PartitionAssigner = ({ cluster }) => ({
    name,
    version,
    protocol: ({ topics }) => ({ name, metadata: MemberMetadata.encode({ version, topics, userData: NO_DATA }) }),
    async assign({ members, topics: own }) {
      const subscriptions = new Map(
        members.map(({ memberId, memberMetadata }) => [memberId, MemberMetadata.decode(memberMetadata)?.topics ?? []]),
      );
      const partitions = new Map(
        own.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)]),
      );
      const others = new Set([...subscriptions.values()].flat().filter((topic) => !partitions.has(topic)));
      for (const [topic, numbers] of await partitionsOf(kafka, others, onUnknown)) partitions.set(topic, numbers);
      return [...assignPartitions(subscriptions, partitions)].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({ version, assignment, userData: NO_DATA }),
      }));
    },
  });
  return assigner;
}

const NO_DATA = Buffer.alloc(0);

/** With a separate client: if the consumer's own metadata had the topic of another member, its deletion would fail this consumer. */
async function partitionsOf(
  kafka: Kafka,
  topics: ReadonlySet<string>,
  onUnknown: (topic: string, error: unknown) => void,
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  if (topics.size === 0) return found;
  const admin = kafka.admin();
  await admin.connect();
  try {
    for (const topic of topics) {
      try {
        const { topics: metadata } = await admin.fetchTopicMetadata({ topics: [topic] });
        found.set(
          topic,
          metadata.flatMap(({ partitions }) => partitions.map(({ partitionId }) => partitionId)).sort(byNumber),
        );
      } catch (error) {
        onUnknown(topic, error);
      }
    }
  } finally {
    await admin.disconnect();
  }
  return found;
}

function byNumber(one: number, other: number): number {
  return one - other;
}
