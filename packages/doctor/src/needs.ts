import { kafkaRights } from "./kafka/rights.ts";
import type { Need } from "./report.ts";
import { type DoctorSettings, type KafkaRightsSettings, rolesOf, type Subject } from "./subject.ts";

/**
 * The IAM permissions that a process needs for the services that it reaches with IAM. Only topics of events may get
 * more than the process uses: all names with the prefix of `EVENTS_TOPIC_PATTERN`.
 */
export function needsOf(subject: Subject, settings: DoctorSettings): Need[] {
  return [
    ...(usesKafkaIam(settings) ? kafkaNeeds(subject, settings) : []),
    ...(settings.POSTGRES_USE_IAM_AUTH ? [databaseNeed(settings)] : []),
    ...(settings.OPENSEARCH_USE_IAM_AUTH ? openSearchNeeds(subject, settings) : []),
    ...(settings.REDIS_USE_IAM_AUTH ? cacheNeeds : []),
    ...(rolesOf(subject).includes("embed") ? secretNeeds(settings) : []),
  ];
}

/** For the key of the embeddings API, if Secrets Manager holds it. */
export function secretNeeds({
  OPENAI_API_KEY_SECRET_ARN: name,
}: Pick<DoctorSettings, "OPENAI_API_KEY_SECRET_ARN">): Need[] {
  return name === undefined ? [] : [{ action: "secretsmanager:GetSecretValue", on: "secret", name }];
}

export function usesKafkaIam(settings: Pick<DoctorSettings, "KAFKA_USE_IAM_AUTH" | "KAFKA_SECURITY">): boolean {
  return settings.KAFKA_USE_IAM_AUTH || settings.KAFKA_SECURITY === "iam";
}

export function usesIam(settings: DoctorSettings): boolean {
  return (
    usesKafkaIam(settings) ||
    settings.POSTGRES_USE_IAM_AUTH === true ||
    settings.OPENSEARCH_USE_IAM_AUTH === true ||
    settings.REDIS_USE_IAM_AUTH ||
    settings.OPENAI_API_KEY_SECRET_ARN !== undefined
  );
}

export const kafkaConnect: Need = { action: "kafka-cluster:Connect", on: "cluster" };

/**
 * The first request of an idempotent producer. With ACLs, brokers since 2.8 accept permission to write any topic
 * (KIP-679); MSK's IAM requires this action unless all topics may be written.
 * https://docs.aws.amazon.com/msk/latest/developerguide/create-iam-access-control-policies.html
 */
export const kafkaWriteIdempotently: Need = { action: "kafka-cluster:WriteDataIdempotently", on: "cluster" };

/** https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html */
export const kafkaActions = {
  describe: (name: string): Need => ({ action: "kafka-cluster:DescribeTopic", on: "topic", name }),
  read: (name: string): Need => ({ action: "kafka-cluster:ReadData", on: "topic", name }),
  write: (name: string): Need => ({ action: "kafka-cluster:WriteData", on: "topic", name }),
  create: (name: string): Need => ({ action: "kafka-cluster:CreateTopic", on: "topic", name }),
  observe: (name: string): Need => ({ action: "kafka-cluster:DescribeGroup", on: "group", name }),
  join: (name: string): Need => ({ action: "kafka-cluster:AlterGroup", on: "group", name }),
} as const;

function kafkaNeeds(subject: Subject, settings: KafkaRightsSettings): Need[] {
  const rights = kafkaRights(subject, settings);
  const groups = [...new Set([...rights.joins, ...rights.observes])];
  return [
    kafkaConnect,
    ...(rights.writesIdempotently ? [kafkaWriteIdempotently] : []),
    ...rights.describes.map(kafkaActions.describe),
    ...rights.reads.map(kafkaActions.read),
    ...rights.writes.map(kafkaActions.write),
    ...rights.creates.map(kafkaActions.create),
    ...groups.map(kafkaActions.observe),
    ...rights.joins.map(kafkaActions.join),
  ];
}

export function databaseNeed({ POSTGRES_USER }: Pick<DoctorSettings, "POSTGRES_USER">): Need {
  return { action: "rds-db:connect", on: "database-user", ...(POSTGRES_USER !== undefined && { name: POSTGRES_USER }) };
}

/** By HTTP method: GET the mapping, POST searches and bulk requests, PUT the index, HEAD to check that it exists. */
export function openSearchNeeds(
  subject: Subject,
  settings: Pick<DoctorSettings, "OPENSEARCH_AWS_SERVICE" | "OPENSEARCH_CREATE_INDEX">,
): Need[] {
  if (settings.OPENSEARCH_AWS_SERVICE === "aoss") return [{ action: "aoss:APIAccessAll", on: "collection" }];
  const roles = rolesOf(subject);
  const methods = ["Get", "Post"];
  if (roles.includes("sink") && settings.OPENSEARCH_CREATE_INDEX !== false) methods.push("Put");
  if (roles.includes("cli")) methods.push("Head");
  return methods.map((method) => ({ action: `es:ESHttp${method}`, on: "domain" }));
}

export const cacheNeeds: Need[] = [
  { action: "elasticache:Connect", on: "cache" },
  { action: "elasticache:Connect", on: "cache-user" },
];
