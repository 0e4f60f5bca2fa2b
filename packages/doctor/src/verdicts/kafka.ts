import { type Verdict, verdict } from "./verdict.ts";

export const kafkaVerdicts = {
  kafka_iam_refused: verdict(
    "authentication",
    "The broker refused the IAM token.",
    "Allow kafka-cluster:Connect as below; if it is allowed, the key, AWS_REGION or the clock is wrong, or this is another cluster.",
  ),
  kafka_scram_refused: verdict(
    "authentication",
    "The broker refused the user or the password.",
    "Check KAFKA_SCRAM_USERNAME and KAFKA_SCRAM_PASSWORD; on MSK the secret must be associated with the cluster.",
  ),
  kafka_mechanism: verdict(
    "authentication",
    "The broker does not take this kind of login on this port.",
    "Check KAFKA_SECURITY and the port in KAFKA_BOOTSTRAP_SERVERS: {ports}.",
  ),
  kafka_hung_up: verdict(
    "authentication",
    "The broker closed the connection.",
    "Check that KAFKA_SECURITY is what this port takes, and for mTLS that KAFKA_TLS_CERTIFICATE_PATH and KAFKA_TLS_KEY_PATH are a pair that the cluster trusts.",
  ),
  kafka_denied: verdict(
    "authorization",
    "The principal lacks permissions.",
    "Allow it: {actions}. With IAM by the statements below, else by ACLs of these operations.",
  ),
  kafka_topic_missing: verdict(
    "authorization",
    "A topic does not exist, and KAFKA_CREATE_TOPICS is false.",
    "Create {topics}, or set KAFKA_CREATE_TOPICS=true, or correct the topic's name.",
  ),
} as const satisfies Record<string, Verdict>;
