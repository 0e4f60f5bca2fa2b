import { type Verdict, verdict } from "./verdict.ts";

export const kafkaVerdicts = {
  kafka_iam_refused: verdict(
    "authentication",
    "The broker refused the IAM token.",
    "Allow kafka-cluster:Connect as below. If it is already allowed, check the key, AWS_REGION, the clock, and that this is the right cluster.",
  ),
  kafka_scram_refused: verdict(
    "authentication",
    "The broker refused the user name or password.",
    "Check KAFKA_SCRAM_USERNAME and KAFKA_SCRAM_PASSWORD; on MSK the secret must be associated with the cluster.",
  ),
  kafka_mechanism: verdict(
    "authentication",
    "The broker does not support this SASL mechanism on this port.",
    "Check KAFKA_SECURITY and the port in KAFKA_BOOTSTRAP_SERVERS: {ports}.",
  ),
  kafka_hung_up: verdict(
    "authentication",
    "The broker closed the connection.",
    "Check that KAFKA_SECURITY matches this port, and for mTLS that KAFKA_TLS_CERTIFICATE_PATH and KAFKA_TLS_KEY_PATH are a pair that the cluster trusts.",
  ),
  kafka_denied: verdict(
    "authorization",
    "The principal lacks permissions.",
    "Allow {actions}: with IAM by the statements below, otherwise by ACLs for these operations.",
  ),
  kafka_topic_missing: verdict(
    "authorization",
    "A topic does not exist, and KAFKA_CREATE_TOPICS is false.",
    "Create {topics}, set KAFKA_CREATE_TOPICS=true, or correct the topic's name.",
  ),
} as const satisfies Record<string, Verdict>;
