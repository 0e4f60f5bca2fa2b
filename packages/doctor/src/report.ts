import type { PolicyDocument } from "@millrace/shared";
import type { VerdictCode } from "./verdicts.ts";

/** What is tried of each dependency, in this order; a dependency has those that make sense for it. */
export const steps = ["dns", "tcp", "tls", "authentication", "authorization", "probe", "cleanup"] as const;
export type Step = (typeof steps)[number];

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

/** A permission of IAM, on something whose ARN is filled in later: it holds the account, which is found out meanwhile. */
export interface Need {
  /** Such as `kafka-cluster:WriteData`. */
  action: string;
  on: ResourceKind;
  /** Of a topic or a group. */
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

/** Why a step failed, as it was found. */
export interface CheckFailure {
  code: VerdictCode;
  /** What came back, word for word but for secrets. */
  said: string;
  /** More exactly than the check itself: which of several topics, say. */
  tried?: string;
  /** The permissions that are surely missing. */
  missing?: readonly Need[];
  /** What stands for the names in the verdict's remedy. */
  names?: Record<string, string>;
}

export interface StepReport {
  step: Step;
  status: "ok" | "failed" | "skipped";
  durationMs: number;
  /** Host and port, principal, action. */
  tried: string;
  /** What came back; absent where the step was skipped. */
  said?: string;
}

export interface Remedy {
  text: string;
  /** What to add to the role's policy, or, for a trust policy, to the role itself. */
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
