import type { PolicyDocument } from "@millrace/shared";
import type { Step } from "./step.ts";
import type { VerdictCode } from "./verdicts.ts";

export const dependencyNames = [
  "aws",
  "embedding",
  "kafka",
  "postgres",
  "opensearch",
  "redis",
  "schema-registry",
  "embed",
] as const;
export type DependencyName = (typeof dependencyNames)[number];

/** An IAM permission on a resource. Its ARN is filled in later, because the account becomes known meanwhile. */
export interface Need {
  /** For example `kafka-cluster:WriteData`. */
  action: string;
  on: ResourceKind;
  /** The topic or group. */
  name?: string;
}

export type ResourceKind =
  | "cluster"
  | "topic"
  | "group"
  | "database-user"
  | "domain"
  | "collection"
  | "cache"
  | "cache-user"
  | "secret";

/** Why a step failed. */
export interface CheckFailure {
  code: VerdictCode;
  /** The response, word for word except for secrets. */
  said: string;
  /** More specific than the check's own text: which of several topics, for example. */
  tried?: string;
  /** The permissions that are known to be missing. */
  missing?: readonly Need[];
  /** Values for the placeholders of the verdict's remedy. */
  names?: Record<string, string>;
}

export interface StepReport {
  step: Step;
  status: "ok" | "failed" | "skipped";
  durationMs: number;
  /** Host and port, principal, action. */
  tried: string;
  /** The response; absent if the step was skipped. */
  said?: string;
}

export interface Remedy {
  text: string;
  /** What to add to the role's policy; for a trust policy, the role's whole trust policy. */
  policy?: PolicyDocument;
}

export interface DependencyReport {
  dependency: DependencyName;
  status: "ok" | "failed";
  durationMs: number;
  steps: StepReport[];
  failure?: { step: Step; code: VerdictCode; tried: string; said: string; remedy: Remedy };
}

export interface Report {
  process: string;
  /** ISO 8601 */
  checkedAt: string;
  durationMs: number;
  status: "ok" | "failed";
  dependencies: DependencyReport[];
}
