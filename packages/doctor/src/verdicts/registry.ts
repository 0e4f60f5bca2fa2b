import { type Verdict, verdict } from "./verdict.ts";

export const registryVerdicts = {
  registry_password_refused: verdict(
    "authentication",
    "The schema registry refused the user or the password, or wants one.",
    "Check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.",
  ),
  registry_denied: verdict(
    "authentication",
    "The user may not read the registry's schemas.",
    "Let {user} read all subjects, and for the api register them too (Apicurio: the roles sr-readonly and sr-developer).",
  ),
  registry_unknown: verdict(
    "authentication",
    "What answers, or hangs up, is no schema registry.",
    "Set SCHEMA_REGISTRY_URL to where Confluent's API begins, with https where it speaks TLS: for Confluent's own registry without a path, for Apicurio with /apis/ccompat/v7.",
  ),
  registry_unavailable: verdict(
    "authentication",
    "The schema registry answers that it can't work now.",
    "Look at its own log and at its storage. A 502, 503 or 504 may be a load balancer's that reaches no registry.",
  ),
} as const satisfies Record<string, Verdict>;
