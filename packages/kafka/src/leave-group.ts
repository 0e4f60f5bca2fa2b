import type { Kafka } from "kafkajs";
import { createCluster } from "./internals/kafkajs.ts";
import { protocolError } from "./protocol-error.ts";

/**
 * Takes a member out of its group. A consumer that lost its connection could not leave, so the group keeps its member, and
 * every rebalance waits for that member until its session times out. Rejects when no broker answers.
 *
 * @param memberId as the coordinator assigned it; a member that the group does not know is no error
 */
export async function leaveGroup(kafka: Kafka, groupId: string, memberId: string): Promise<void> {
  const cluster = createCluster(kafka);
  try {
    await cluster.connect();
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    await coordinator.leaveGroup({ groupId, memberId });
  } catch (error) {
    if (protocolError(error) !== "UNKNOWN_MEMBER_ID") throw error;
  } finally {
    await cluster.disconnect();
  }
}
