import { type Verdict, verdict } from "./verdict.ts";

export const registryVerdicts = {
  registry_password_refused: verdict(
    "authentication",
    "The schema registry refused the user name or password, or requires one.",
    "Check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.",
  ),
  registry_denied: verdict(
    "authentication",
    "The user may not read the registry's schemas.",
    "Let {user} read all subjects, and for the api also register them (Apicurio: the roles sr-readonly and sr-developer).",
  ),
  registry_unknown: verdict(
    "authentication",
    "The server that answered or hung up is not a schema registry.",
    "Set SCHEMA_REGISTRY_URL to the root of the Confluent-compatible API, with https if it speaks TLS: for Confluent's own registry without a path, for Apicurio with /apis/ccompat/v7.",
  ),
  registry_unavailable: verdict(
    "authentication",
    "The schema registry reports that it is unavailable.",
    "Check its log and its storage. A 502, 503 or 504 may come from a load balancer that reaches no registry.",
  ),
} as const satisfies Record<string, Verdict>;
