import type { AwsCredentialsProvider, TlsOptions } from "@millrace/connections";
import { kafkaSecurity, openKafkaRequests } from "@millrace/kafka";
import { describeCause } from "@millrace/shared";
import type { Examination, StepCheck } from "../examination.ts";
import { kafkaActions, kafkaConnect, kafkaWriteIdempotently, usesKafkaIam } from "../needs.ts";
import { type Address, networkChecks } from "../network.ts";
import type { CheckFailure } from "../report.ts";
import type { KafkaRightsSettings, Subject } from "../subject.ts";
import { type KafkaRights, kafkaRights } from "./rights.ts";
import { missingTopics, topicsMissing, trialsOf, tryAll } from "./trials.ts";

/** Uses Kafka as the process does, but writes nothing and joins no consumer group. */
export function examineKafka(
  subject: Subject,
  settings: KafkaRightsSettings,
  credentials?: AwsCredentialsProvider,
): Examination {
  const { ssl } = kafkaSecurity(settings, credentials);
  const kafka = openKafkaRequests(settings, credentials);
  const who = principal(settings);
  const tried: Tried = { kafka, who, rights: kafkaRights(subject, settings) };
  const authentication: StepCheck = {
    step: "authentication",
    tried: `connect to ${settings.KAFKA_BOOTSTRAP_SERVERS.join(", ")} as ${who}`,
    async run() {
      await kafka.connect();
      return "accepted";
    },
  };
  const cleanup: StepCheck = {
    step: "cleanup",
    tried: "disconnect",
    async run() {
      await kafka.disconnect();
      return "nothing was written";
    },
  };
  return {
    dependency: "kafka",
    names: {
      ...{ address: "KAFKA_BOOTSTRAP_SERVERS", ca: "KAFKA_TLS_CA_PATH", tls: "KAFKA_SECURITY" },
      ports: "MSK listens for IAM on 9098, SCRAM on 9096, TLS on 9094, plaintext on 9092",
    },
    checks: [
      ...networkChecks({
        addresses: settings.KAFKA_BOOTSTRAP_SERVERS.map(parseAddress),
        ...(ssl && { tls: ssl as TlsOptions }),
      }),
      ...[authentication, authorizationCheck(tried), probeCheck(tried), cleanup],
    ],
    explain: (error) => explainConnection(error, settings),
    close: () => kafka.disconnect(),
  };
}

/** What the authorization checks share. */
interface Tried {
  kafka: ReturnType<typeof openKafkaRequests>;
  who: string;
  rights: KafkaRights;
}

function authorizationCheck({ kafka, who, rights }: Tried): StepCheck {
  return {
    step: "authorization",
    tried: `as ${who}, describe ${rights.describes.join(", ")}`,
    async run() {
      const known = await tryAll(trialsOf(rights.describes, kafkaActions.describe, kafka.describe), who);
      if (typeof known !== "string") return known;
      const missing = await missingTopics(rights.describes, kafka.describe);
      const own = missing.filter((topic) => rights.creates.includes(topic));
      const absent = missing.filter((topic) => rights.expects.includes(topic) && !own.includes(topic));
      if (absent.length > 0) return topicsMissing(absent);
      if (own.length === 0) return known;
      const created = await tryAll(trialsOf(own, kafkaActions.create, kafka.create), who);
      return typeof created === "string" ? `${own.join(", ")} can be created` : created;
    },
  };
}

function probeCheck({ kafka, who, rights }: Tried): StepCheck {
  const trials = [
    ...trialsOf(rights.reads, kafkaActions.read, kafka.read),
    ...trialsOf(rights.writes, kafkaActions.write, kafka.write),
    ...(rights.writesIdempotently ? [{ need: kafkaWriteIdempotently, request: kafka.identify }] : []),
    ...trialsOf(rights.observes, kafkaActions.observe, kafka.observe),
    ...trialsOf(rights.joins, kafkaActions.join, (group) => kafka.join(group, rights.reads[0] ?? "")),
  ];
  return {
    step: "probe",
    tried: `as ${who}, read ${list(rights.reads)}, write ${list(rights.writes)}, groups ${list([...rights.joins, ...rights.observes])}`,
    run: () => tryAll(trials, who),
  };
}

function explainConnection(error: unknown, settings: KafkaRightsSettings): CheckFailure | undefined {
  const said = describeCause(error);
  const { name } = error as Error;
  if (said.includes("no AWS credentials")) return { code: "aws_no_credentials", said };
  if (said.includes("refused the IAM token")) return { code: "kafka_iam_refused", said, missing: [kafkaConnect] };
  if (/UNSUPPORTED_SASL_MECHANISM|mechanism .*(not supported|not enabled)|does not support/i.test(said)) {
    return { code: "kafka_mechanism", said };
  }
  if (name === "KafkaJSSASLAuthenticationError") return { code: "kafka_scram_refused", said };
  if (/closed connection|certificate required|bad certificate|ECONNRESET|socket disconnected/i.test(said)) {
    return { code: "kafka_hung_up", said, names: { security: settings.KAFKA_SECURITY ?? "plaintext" } };
  }
  return undefined;
}

function principal(settings: KafkaRightsSettings): string {
  if (usesKafkaIam(settings)) return "the IAM role";
  if (settings.KAFKA_SECURITY === "scram") return `user ${settings.KAFKA_SCRAM_USERNAME}`;
  return settings.KAFKA_TLS_CERTIFICATE_PATH === undefined ? "an anonymous user" : "the client certificate";
}

function parseAddress(server: string): Address {
  const colon = server.lastIndexOf(":");
  return { host: server.slice(0, colon), port: Number(server.slice(colon + 1)) };
}

function list(names: readonly string[]): string {
  return names.join(", ") || "none";
}
