// The parts of docs/aws.md generated from the doctor: its policies, for an example account, and its verdicts.
import { readSubject } from "../packages/cli/src/index.ts";
import {
  dataAccessPolicy,
  policyOf,
  type RoleName,
  remedyText,
  roleNames,
  steps,
  trustPolicyOf,
  type VerdictCode,
  verdicts,
} from "../packages/doctor/src/index.ts";

/** With these variables `millrace doctor --policy` prints the policies of the docs; a test checks that. */
const example = {
  AWS_REGION: "eu-west-1",
  AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/millrace",
  KAFKA_BOOTSTRAP_SERVERS: "b-1.pipeline.abc123.c2.kafka.eu-west-1.amazonaws.com:9098",
  KAFKA_USE_IAM_AUTH: "true",
  KAFKA_CREATE_TOPICS: "false",
  AUTH_JWKS_URL: "https://login.example.com/keys",
  EVENTS_TOPIC_PATTERN: "events\\.[a-z0-9.-]+",
  POSTGRES_HOST: "audit.abc123.eu-west-1.rds.amazonaws.com",
  POSTGRES_USE_IAM_AUTH: "true",
  OPENSEARCH_ENDPOINT: "https://vpc-search-abc123.eu-west-1.es.amazonaws.com",
  OPENSEARCH_USE_IAM_AUTH: "true",
  REDIS_HOST: "master.progress.abc123.euw1.cache.amazonaws.com",
  REDIS_USE_IAM_AUTH: "true",
  REDIS_USERNAME: "millrace",
  REDIS_IAM_CACHE_NAME: "progress",
  OPENAI_API_KEY_SECRET_ARN: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:openai-AbCdEf",
};

export function awsPolicies(): string {
  const settingsOf = (subject: RoleName | "all") => readSubject(subject, example).settings;
  const settings = settingsOf("all");
  const { AWS_ROLE_ARN: arn } = example;
  const variables = Object.entries(example).map(([name, value]) => `${name}=${value}`);
  const policies = roleNames.flatMap((role) => [
    `### ${role}`,
    ...block("json", json(policyOf(role, settingsOf(role), arn))),
  ]);
  return [
    "For these variables, as an example:",
    ...block("properties", variables.join("\n")),
    ...policies,
    "### Trust policy for IRSA",
    ...block("json", json(trustPolicyOf("irsa", settings, { arn }))),
    "### Trust policy for EKS Pod Identity",
    ...block("json", json(trustPolicyOf("pod-identity", settings, { arn }))),
    "### Data access policy of OpenSearch Serverless, for the sink",
    ...block("json", json(dataAccessPolicy("sink", settingsOf("sink"), arn))),
  ]
    .join("\n")
    .trimEnd();
}

/** Values for the placeholders of remedies when no real value is known. */
const general: Record<string, string> = {
  address: "the address variable",
  ca: "`*_TLS_CA_PATH`",
  tls: "`*_TLS` or `KAFKA_SECURITY`",
  ports: "MSK: 9098 for IAM, 9096 for SCRAM, 9094 for TLS, 9092 for plaintext",
};

export function awsVerdicts(): string {
  const codes = (Object.keys(verdicts) as VerdictCode[]).toSorted(
    (one, other) => steps.indexOf(verdicts[one].step) - steps.indexOf(verdicts[other].step),
  );
  const rows = codes.map((code) => {
    const remedy = remedyText(code, general).replaceAll(/\{(\w+)\}/g, "*$1*");
    return `| ${verdicts[code].step} | \`${code}\` | ${verdicts[code].meaning} | ${remedy} |`;
  });
  return ["| step | verdict | meaning | remedy |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function block(language: string, text: string): string[] {
  return ["", `\`\`\`${language}`, text, "```", ""];
}

function json(document: unknown): string {
  return JSON.stringify(document, undefined, 2);
}
