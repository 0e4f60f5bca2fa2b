import type { AwsCredentialsProvider, TlsOptions } from "@millrace/connections";
import { kafkaSecurity, openKafkaRequests, protocolError } from "@millrace/kafka";
import { describeCause } from "@millrace/shared";
import type { Check, Examination } from "./check.ts";
import { kafkaActions, kafkaConnect, kafkaWriteIdempotently, usesKafkaIam } from "./needs.ts";
import { type Address, networkChecks } from "./network.ts";
import type { Failure, Need } from "./report.ts";
import { kafkaRights } from "./rights.ts";
import type { KafkaRightsSettings, Subject } from "./subject.ts";

/** A request that shows whether something is allowed, and what is to be allowed if it is not. */
interface Trial {
  need: Need;
  request: () => Promise<unknown>;
}

/** As each process uses Kafka; nothing is written, and no consumer group is joined. */
export function examineKafka(
  subject: Subject,
  settings: KafkaRightsSettings,
  credentials?: AwsCredentialsProvider,
): Examination {
  const rights = kafkaRights(subject, settings);
  const { ssl } = kafkaSecurity(settings, credentials);
  const kafka = openKafkaRequests(settings, credentials);
  const who = principal(settings);
  const allowed = async (trials: readonly Trial[]): Promise<string | Failure> => {
    const denied: Denied[] = [];
    // One after the other: the client opens its connection for reads with the first of them.
    for (const trial of trials) {
      const said = await denialOf(trial);
      if (said !== undefined) denied.push({ ...trial, said });
    }
    const [first] = denied;
    return first ? denial(denied, first.said, who) : `${trials.length} allowed`;
  };

  const authentication: Check = {
    step: "authentication",
    tried: `connect to ${settings.KAFKA_BOOTSTRAP_SERVERS.join(", ")} as ${who}`,
    async run() {
      await kafka.connect();
      return "accepted";
    },
  };
  const authorization: Check = {
    step: "authorization",
    tried: `as ${who}, describe ${rights.describes.join(", ")}`,
    async run() {
      const known = await allowed(trials(rights.describes, kafkaActions.describe, kafka.describe));
      if (typeof known !== "string") return known;
      const missing = await missingTopics(rights.describes, kafka.describe);
      const own = missing.filter((topic) => rights.creates.includes(topic));
      const absent = missing.filter((topic) => rights.expects.includes(topic) && !own.includes(topic));
      if (absent.length > 0) return topicsMissing(absent);
      if (own.length === 0) return known;
      const created = await allowed(trials(own, kafkaActions.create, kafka.create));
      return typeof created === "string" ? `${own.join(", ")} can be created` : created;
    },
  };
  const probe: Check = {
    step: "probe",
    tried: `as ${who}, read ${list(rights.reads)}, write ${list(rights.writes)}, groups ${list([...rights.joins, ...rights.observes])}`,
    run: () =>
      allowed([
        ...trials(rights.reads, kafkaActions.read, kafka.read),
        ...trials(rights.writes, kafkaActions.write, kafka.write),
        ...(rights.writesIdempotently ? [{ need: kafkaWriteIdempotently, request: kafka.identify }] : []),
        ...trials(rights.observes, kafkaActions.observe, kafka.observe),
        ...trials(rights.joins, kafkaActions.join, (group) => kafka.join(group, rights.reads[0] ?? "")),
      ]),
  };
  const cleanup: Check = {
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
      ...[authentication, authorization, probe, cleanup],
    ],
    explain: (error) => explainConnection(error, settings),
    close: () => kafka.disconnect(),
  };
}

function trials(
  names: readonly string[],
  need: (name: string) => Need,
  request: (name: string) => Promise<unknown>,
): Trial[] {
  return names.map((name) => ({ need: need(name), request: () => request(exampleOf(name)) }));
}

/** What is allowed for all names of a beginning is tried with one of them, which no topic has. */
function exampleOf(name: string): string {
  return name.replace(/\*$/, "millrace-doctor");
}

type Denied = Trial & { said: string };

/** Only a denial is one: that the partition is unknown is what an allowed request is answered. */
async function denialOf(trial: Trial): Promise<string | undefined> {
  try {
    await trial.request();
    return undefined;
  } catch (error) {
    const type = protocolError(error);
    if (type === undefined) throw error;
    const denied = type.endsWith("AUTHORIZATION_FAILED") && !deniedElsewhere(trial, type);
    return denied ? `${type}: ${describeCause(error)}` : undefined;
  }
}

/** A commit needs the topic too, which reading it has shown already. */
function deniedElsewhere({ need }: Trial, type: string): boolean {
  return need.on === "group" && type === "TOPIC_AUTHORIZATION_FAILED";
}

function denial(denied: readonly Denied[], said: string, who: string): Failure {
  const missing = denied.map(({ need }) => need);
  const actions = missing.map(({ action, name = "the cluster" }) => `${action} on ${name}`).join(", ");
  return { code: "kafka_denied", tried: `as ${who}, ${actions}`, said, missing, names: { actions } };
}

async function missingTopics(topics: readonly string[], describe: (topic: string) => Promise<unknown>) {
  const missing: string[] = [];
  for (const topic of topics) {
    try {
      await describe(exampleOf(topic));
    } catch (error) {
      if (protocolError(error) === "UNKNOWN_TOPIC_OR_PARTITION") missing.push(topic);
    }
  }
  return missing;
}

function topicsMissing(topics: readonly string[]): Failure {
  const names = { topics: topics.join(", ") };
  return { code: "kafka_topic_missing", tried: `describe ${names.topics}`, said: "UNKNOWN_TOPIC_OR_PARTITION", names };
}

function explainConnection(error: unknown, settings: KafkaRightsSettings): Failure | undefined {
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
  if (usesKafkaIam(settings)) return "the role, by IAM";
  if (settings.KAFKA_SECURITY === "scram") return `user ${settings.KAFKA_SCRAM_USERNAME}`;
  return settings.KAFKA_TLS_CERTIFICATE_PATH === undefined ? "nobody by name" : "the client certificate";
}

function parseAddress(server: string): Address {
  const colon = server.lastIndexOf(":");
  return { host: server.slice(0, colon), port: Number(server.slice(colon + 1)) };
}

function list(names: readonly string[]): string {
  return names.join(", ") || "nothing";
}
