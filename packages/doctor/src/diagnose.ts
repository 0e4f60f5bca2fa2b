import type { AwsCredentialsProvider } from "@millrace/connections";
import { placeOf } from "./arns.ts";
import { directionOf, SKEW_MAX_S } from "./aws-identity.ts";
import { type ExaminationOutcome, examine, stepLimitsMs } from "./check.ts";
import type { Examination } from "./examination.ts";
import { type CallerIdentity, identityOf } from "./identity.ts";
import { usesIam } from "./needs.ts";
import { grant, trustPolicyOf } from "./policies.ts";
import { redactor } from "./redact.ts";
import {
  type CheckFailure,
  type DependencyName,
  type DependencyReport,
  dependencyNames,
  type Remedy,
  type Report,
  type StepReport,
} from "./report.ts";
import type { Step } from "./step.ts";
import type { DoctorSettings, Subject } from "./subject.ts";
import { remedyText } from "./verdicts.ts";

/** What the examinations of one diagnosis share. */
export interface Surroundings {
  environment: NodeJS.ProcessEnv;
  /** Filled in by the examination of AWS; remedies use it to name the caller. */
  identity: CallerIdentity;
  /** Signs tokens and requests; the default provider chain if absent. */
  credentials?: AwsCredentialsProvider | undefined;
}

/** Creates the examinations of a process's services. Each runs once, so each diagnosis creates its own. */
export type ListExaminations = (surroundings: Surroundings) => readonly Examination[];

export interface DiagnoseOptions {
  /** Time limit of a step in milliseconds; default: `stepLimitsMs`. */
  limitMs?(step: Step, dependency: DependencyName): number;
  environment?: NodeJS.ProcessEnv;
  credentials?: AwsCredentialsProvider;
  onStep?(dependency: DependencyName, step: StepReport): void;
}

/** Runs the examinations of a process in parallel. Never rejects for a failed check: the report contains it. */
export async function diagnose(
  subject: Subject,
  settings: DoctorSettings,
  examinationsOf: ListExaminations,
  options: DiagnoseOptions = {},
): Promise<Report> {
  const startedAt = performance.now();
  const checkedAt = new Date().toISOString();
  const { environment = process.env, limitMs = (step) => stepLimitsMs[step], credentials, onStep } = options;
  const identity = identityOf(environment);
  const redact = redactor(secretsOf(settings, environment));
  const found = await Promise.all(
    examinationsOf({ environment, identity, credentials })
      .toSorted(byDependency)
      .map(async (examination) => {
        const { dependency } = examination;
        const outcome = await examine(
          examination,
          (step) => limitMs(step, dependency),
          (step) => onStep?.(dependency, clean(step, redact)),
        );
        return { examination, outcome };
      }),
  );
  // The caller's identity, which the remedies name, is known only after the checks.
  const dependencies = found.map(({ examination, outcome }) =>
    describe(examination, outcome, (failure) => remedyOf(failure, examination.names, settings, identity), redact),
  );
  const status = dependencies.every((each) => each.status === "ok") ? "ok" : "failed";
  return { process: subject, checkedAt, durationMs: performance.now() - startedAt, status, dependencies };
}

/** The report has the same order for every process, whatever order its examinations come in. */
function byDependency(one: Examination, other: Examination): number {
  return dependencyNames.indexOf(one.dependency) - dependencyNames.indexOf(other.dependency);
}

function describe(
  { dependency }: Examination,
  { steps, durationMs, failure }: ExaminationOutcome,
  remedy: (failure: CheckFailure) => Remedy,
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

/**
 * Descriptions of checks contain names, one of which may equal someone's password; only a login in a URL is redacted.
 */
const withoutLogins = redactor([]);

const refusedSignatures = new Set([
  "kafka_iam_refused",
  "postgres_iam_refused",
  "opensearch_iam_refused",
  "redis_iam_refused",
]);

function remedyOf(
  { code, missing = [], names }: CheckFailure,
  known: Record<string, string>,
  settings: DoctorSettings,
  identity: CallerIdentity,
): Remedy {
  const place = placeOf(settings, identity.arn);
  const skewS = identity.skewS ?? 0;
  const clock =
    refusedSignatures.has(code) && Math.abs(skewS) > SKEW_MAX_S
      ? ` The clock is ${Math.abs(skewS)} s ${directionOf(skewS)} AWS: correct it first.`
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
  // Also in the form that basic authentication sends.
  const registry = [SCHEMA_REGISTRY_PASSWORD, Buffer.from(`${user}:${SCHEMA_REGISTRY_PASSWORD}`).toString("base64")];
  return [...passwords, ...registry, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN];
}
