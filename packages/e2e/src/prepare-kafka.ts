import { openClients } from "@millrace/cli";
import { ensurePipelineTopics } from "@millrace/kafka";
import { eventTopicSettings, readConfiguration } from "@millrace/shared";
import kafkajs from "kafkajs";
import { z } from "zod";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const eventTopics = z.object(eventTopicSettings);

/**
 * Creates a pipeline's topics, and lets a role read and write them and read as the pipeline's groups. Where everything
 * else is denied by default, the processes can do no more than that.
 */
export async function prepareKafka(environment: Record<string, string>, role: string): Promise<void> {
  await using clients = openClients(environment, "e2e");
  const { kafka, config, patience } = clients;
  await ensurePipelineTopics(kafka, config, patience);
  const { BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC } = config;
  const { EVENTS_DLQ_TOPIC } = readConfiguration(eventTopics, environment);
  const internal = [BATCHES_TOPIC, VECTORS_TOPIC, DEAD_LETTERS_TOPIC, REPLAY_TOPIC, EVENTS_DLQ_TOPIC];
  const topics = [...config.KAFKA_TOPICS, ...internal];
  const rule = { principal: `User:${role}`, host: "*", permissionType: AclPermissionTypes.ALLOW };
  const onTopic = { ...rule, resourceType: AclResourceTypes.TOPIC, resourcePatternType: ResourcePatternTypes.LITERAL };
  const onGroups = {
    ...rule,
    resourceType: AclResourceTypes.GROUP,
    resourcePatternType: ResourcePatternTypes.PREFIXED,
  };
  const acl = [
    ...topics.flatMap((resourceName) => [
      { ...onTopic, resourceName, operation: AclOperationTypes.READ },
      { ...onTopic, resourceName, operation: AclOperationTypes.WRITE },
    ]),
    { ...onGroups, resourceName: config.KAFKA_GROUP_PREFIX, operation: AclOperationTypes.READ },
  ];
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createAcls({ acl });
  } finally {
    await admin.disconnect();
  }
}
