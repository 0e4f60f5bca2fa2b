import { awsVerdicts } from "./verdicts/aws.ts";
import { embedRouteVerdicts } from "./verdicts/embed-route.ts";
import { embeddingVerdicts } from "./verdicts/embedding.ts";
import { kafkaVerdicts } from "./verdicts/kafka.ts";
import { networkVerdicts } from "./verdicts/network.ts";
import { opensearchVerdicts } from "./verdicts/opensearch.ts";
import { postgresVerdicts } from "./verdicts/postgres.ts";
import { redisVerdicts } from "./verdicts/redis.ts";
import { registryVerdicts } from "./verdicts/registry.ts";
import { type Verdict, verdict } from "./verdicts/verdict.ts";

/** Everything that the doctor can find; `docs/aws.md` is generated from this list. */
export const verdicts = {
  ...networkVerdicts,
  ...awsVerdicts,
  ...kafkaVerdicts,
  ...postgresVerdicts,
  ...opensearchVerdicts,
  ...redisVerdicts,
  ...embeddingVerdicts,
  ...registryVerdicts,
  ...embedRouteVerdicts,
  no_answer: verdict(
    "authentication",
    "The server accepted the request but did not answer in time.",
    "It is overloaded or stopped, or something else listens at {address}: check its metrics and log. --timeout allows more time.",
  ),
  failed: verdict(
    "authentication",
    "Something else went wrong.",
    "The response says what; the dependency's own log says more.",
  ),
} as const satisfies Record<string, Verdict>;
export type VerdictCode = keyof typeof verdicts;

/** The remedy with its placeholders filled in; unknown ones stay as they are. */
export function remedyText(code: VerdictCode, names: Record<string, string>): string {
  return verdicts[code].remedy.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
}
