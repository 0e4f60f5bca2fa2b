import { type AwsCredentialsProvider, awsCredentials } from "../aws/credentials.ts";
import { LOCAL_DIMENSIONS } from "../embedding-models.ts";
import {
  type EmbeddingSettings,
  type OpenSearchSettings,
  openAiDimensions,
  type PostgresSettings,
} from "../settings.ts";
import { placeOf } from "./arns.ts";
import { directionOf, examineAws, SKEW_MAX_S } from "./aws-identity.ts";
import { type Examination, examine, type Outcome, stepLimitsMs } from "./check.ts";
import { examineEmbedRoute } from "./embed-route.ts";
import { type AskLocalModel, examineEmbedding, usesOpenAi } from "./embedding.ts";
import { type Identity, identityOf } from "./identity.ts";
import { examineKafka } from "./kafka.ts";
import { usesIam } from "./needs.ts";
import { grant, trustPolicyOf } from "./policies.ts";
import { redactor } from "./redact.ts";
import { examineRedis } from "./redis.ts";
import type { DependencyName, DependencyReport, Failure, Remedy, Report, Step, StepReport } from "./report.ts";
import { examineSchemaRegistry } from "./schema-registry.ts";
import { type DoctorSettings, rolesOf, type Subject } from "./settings.ts";
import { remedyText } from "./verdicts.ts";

export interface DiagnoseOptions {
  /** How long a step may take; absent: as `stepLimitsMs` says. */
  limitMs?(step: Step, dependency: DependencyName): number;
  environment?: NodeJS.ProcessEnv;
  /** Absent: the default provider chain. */
  credentials?: AwsCredentialsProvider;
  /** Where the local embedder is at hand: in the embed process. */
  askLocalModel?: AskLocalModel;
  onStep?(dependency: DependencyName, step: StepReport): void;
}

/** Tries everything that a process needs, one dependency beside the other. It never rejects for what it finds. */
export async function diagnose(
  subject: Subject,
  settings: DoctorSettings,
  options: DiagnoseOptions = {},
): Promise<Report> {
  const startedAt = performance.now();
  const checkedAt = new Date().toISOString();
  const { environment = process.env, limitMs = (step) => stepLimitsMs[step], onStep } = options;
  const identity = identityOf(environment);
  const redact = redactor(secretsOf(settings, environment));
  const examinations = await examinationsOf(subject, settings, identity, options);
  const found = await Promise.all(
    examinations.map(async (examination) => {
      const { dependency } = examination;
      const outcome = await examine(
        examination,
        (step) => limitMs(step, dependency),
        (step) => onStep?.(dependency, clean(step, redact)),
      );
      return { examination, outcome };
    }),
  );
  // Only now is it known who the caller is, and with it what the remedies have to name.
  const dependencies = found.map(({ examination, outcome }) =>
    describe(examination, outcome, (failure) => remedyOf(failure, examination.names, settings, identity), redact),
  );
  const status = dependencies.every((each) => each.status === "ok") ? "ok" : "failed";
  return { process: subject, checkedAt, durationMs: performance.now() - startedAt, status, dependencies };
}

async function examinationsOf(
  subject: Subject,
  settings: DoctorSettings,
  identity: Identity,
  { environment = process.env, credentials, askLocalModel }: DiagnoseOptions,
): Promise<Examination[]> {
  const roles = rolesOf(subject);
  const stores = roles.some((role) => role === "sink" || role === "api" || role === "cli");
  const examinations = [examineKafka(subject, settings, credentials)];
  if (usesIam(settings)) {
    const provider = credentials ?? awsCredentials(settings.AWS_ROLE_SESSION_NAME);
    const region = settings.AWS_REGION ?? settings.OPENAI_API_KEY_SECRET_ARN?.split(":")[3] ?? "us-east-1";
    examinations.unshift(examineAws(region, environment, provider, identity));
  }
  if (roles.includes("embed")) {
    const embedding = examineEmbedding(settings as DoctorSettings & EmbeddingSettings, askLocalModel, credentials);
    if (embedding) examinations.push(embedding);
  }
  if (stores) {
    // Their clients take 32 MB of memory: only the processes that have these stores load them.
    const [{ examinePostgres }, { examineOpenSearch }] = await Promise.all([
      import("./postgres.ts"),
      import("./opensearch.ts"),
    ]);
    const complete = settings as DoctorSettings & PostgresSettings & OpenSearchSettings;
    examinations.push(
      examinePostgres(complete, roles.includes("sink"), credentials),
      examineOpenSearch(subject, complete, expectedDimensions(subject, settings), credentials),
    );
  }
  const optional = [examineSchemaRegistry(settings), examineEmbedRoute(settings)];
  return [...examinations, examineRedis(settings, credentials), ...optional.filter((each) => each !== undefined)];
}

/** Only with embed's own settings is it known which vectors will come. */
function expectedDimensions(subject: Subject, settings: DoctorSettings): number | undefined {
  if (subject !== "all") return undefined;
  return usesOpenAi(settings) ? openAiDimensions(settings as DoctorSettings & EmbeddingSettings) : LOCAL_DIMENSIONS;
}

function describe(
  { dependency }: Examination,
  { steps, durationMs, failure }: Outcome,
  remedy: (failure: Failure) => Remedy,
  redact: (text: string) => string,
): DependencyReport {
  const report = { dependency, durationMs, steps: steps.map((step) => clean(step, redact)) };
  if (!failure) return { ...report, status: "ok" };
  const { step, code } = failure;
  const said = redact(failure.said);
  return {
    ...report,
    status: "failed",
    failure: { step, code, tried: withoutLogins(failure.tried), said, remedy: remedy(failure) },
  };
}

function clean(report: StepReport, redact: (text: string) => string): StepReport {
  const tried = withoutLogins(report.tried);
  return { ...report, tried, ...(report.said !== undefined && { said: redact(report.said) }) };
}

/** What is tried is told by the names of things, of which one may also be somebody's password; but a URL may hold a login. */
const withoutLogins = redactor([]);

const refusedSignatures = new Set([
  "kafka_iam_refused",
  "postgres_iam_refused",
  "opensearch_iam_refused",
  "redis_iam_refused",
]);

function remedyOf(
  { code, missing = [], names }: Failure,
  known: Record<string, string>,
  settings: DoctorSettings,
  identity: Identity,
): Remedy {
  const place = placeOf(settings, identity.arn);
  const skewS = identity.skewS ?? 0;
  const clock =
    refusedSignatures.has(code) && Math.abs(skewS) > SKEW_MAX_S
      ? ` The clock is ${Math.abs(skewS)} s ${directionOf(skewS)} AWS: set it first.`
      : "";
  const text = remedyText(code, { ...known, ...names }) + clock;
  if (code === "aws_trust_policy") return { text, policy: trustPolicyOf("irsa", settings, identity) };
  return { text, ...(missing.length > 0 && usesIam(settings) && { policy: grant(missing, settings, place) }) };
}

function secretsOf(settings: DoctorSettings, environment: NodeJS.ProcessEnv): (string | undefined)[] {
  const { KAFKA_SCRAM_PASSWORD, REDIS_PASSWORD, POSTGRES_PASSWORD, OPENSEARCH_PASSWORD, OPENAI_API_KEY } = settings;
  const { SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_PASSWORD } = settings;
  const { AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  const passwords = [KAFKA_SCRAM_PASSWORD, REDIS_PASSWORD, POSTGRES_PASSWORD, OPENSEARCH_PASSWORD, OPENAI_API_KEY];
  // Also as basic authentication sends it.
  const registry = [SCHEMA_REGISTRY_PASSWORD, Buffer.from(`${user}:${SCHEMA_REGISTRY_PASSWORD}`).toString("base64")];
  return [...passwords, ...registry, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN];
}
