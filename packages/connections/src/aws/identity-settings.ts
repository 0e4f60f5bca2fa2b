import type { z } from "zod";

/** The identity settings that depend on each other; a process has those of the services that it uses. */
export interface IdentitySettings {
  AWS_REGION?: string | undefined;
  KAFKA_USE_IAM_AUTH?: boolean;
  KAFKA_SECURITY?: "plaintext" | "tls" | "scram" | "iam" | undefined;
  KAFKA_SCRAM_USERNAME?: string | undefined;
  KAFKA_SCRAM_PASSWORD?: string | undefined;
  KAFKA_TLS_CERTIFICATE_PATH?: string | undefined;
  KAFKA_TLS_KEY_PATH?: string | undefined;
  POSTGRES_USE_IAM_AUTH?: boolean;
  OPENSEARCH_USE_IAM_AUTH?: boolean;
  OPENSEARCH_USERNAME?: string | undefined;
  REDIS_USE_IAM_AUTH?: boolean;
  REDIS_USERNAME?: string | undefined;
  REDIS_IAM_CACHE_NAME?: string | undefined;
}

/** The variables that contradict each other, or require another one that is missing. */
export function identityProblems(settings: IdentitySettings): { variable: string; problem: string }[] {
  const problems: { variable: keyof IdentitySettings; problem: string }[] = [];
  const require = (variable: keyof IdentitySettings, because: string): void => {
    if (settings[variable] === undefined) problems.push({ variable, problem: `required by ${because}` });
  };
  const security = settings.KAFKA_SECURITY;
  if (settings.KAFKA_USE_IAM_AUTH && security !== undefined && security !== "iam") {
    problems.push({
      variable: "KAFKA_SECURITY",
      problem: "contradicts KAFKA_USE_IAM_AUTH=true; leave one of them out",
    });
  }
  if (settings.KAFKA_USE_IAM_AUTH || security === "iam") require("AWS_REGION", "Kafka's IAM authentication");
  if (security === "scram") {
    require("KAFKA_SCRAM_USERNAME", "KAFKA_SECURITY=scram");
    require("KAFKA_SCRAM_PASSWORD", "KAFKA_SECURITY=scram");
  }
  if (settings.KAFKA_TLS_KEY_PATH !== undefined) require("KAFKA_TLS_CERTIFICATE_PATH", "KAFKA_TLS_KEY_PATH");
  if (settings.KAFKA_TLS_CERTIFICATE_PATH !== undefined) require("KAFKA_TLS_KEY_PATH", "KAFKA_TLS_CERTIFICATE_PATH");
  if (settings.POSTGRES_USE_IAM_AUTH) require("AWS_REGION", "POSTGRES_USE_IAM_AUTH=true");
  if (settings.OPENSEARCH_USE_IAM_AUTH) {
    require("AWS_REGION", "OPENSEARCH_USE_IAM_AUTH=true");
    if (settings.OPENSEARCH_USERNAME !== undefined) {
      problems.push({
        variable: "OPENSEARCH_USERNAME",
        problem: "contradicts OPENSEARCH_USE_IAM_AUTH=true; leave one of them out",
      });
    }
  }
  if (settings.REDIS_USE_IAM_AUTH) {
    for (const variable of ["AWS_REGION", "REDIS_USERNAME", "REDIS_IAM_CACHE_NAME"] as const) {
      require(variable, "REDIS_USE_IAM_AUTH=true");
    }
  }
  // One line for each variable, even if several services require it.
  return problems.filter(({ variable }, index) => problems.findIndex((each) => each.variable === variable) === index);
}

/** For a process's schema: `z.object({ … }).superRefine(checkIdentity)`. */
export function checkIdentity(settings: IdentitySettings, context: z.core.$RefinementCtx): void {
  for (const { variable, problem } of identityProblems(settings)) {
    context.addIssue({ code: "custom", path: [variable], message: problem });
  }
}
