import type { Metrics } from "@millrace/shared";
import { credentialsUse } from "./credentials.ts";
import type { IdentitySettings } from "./identity-settings.ts";

/** Metrics of the services that a process reaches by IAM, and of the credentials that it signs with. */
export function exposeIdentity(metrics: Metrics, settings: IdentitySettings): void {
  const enabled = {
    kafka: settings.KAFKA_USE_IAM_AUTH === true || settings.KAFKA_SECURITY === "iam",
    postgres: settings.POSTGRES_USE_IAM_AUTH,
    opensearch: settings.OPENSEARCH_USE_IAM_AUTH,
    redis: settings.REDIS_USE_IAM_AUTH,
  };
  metrics.expose("millrace_iam_enabled", () =>
    Object.entries(enabled).flatMap(([dependency, iam]) => (iam === undefined ? [] : [[{ dependency }, Number(iam)]])),
  );
  metrics.expose("millrace_aws_credentials_requests_total", () => [
    [{ status: "ok" }, credentialsUse.provided],
    [{ status: "failed" }, credentialsUse.failed],
  ]);
  metrics.exposeOne("millrace_aws_credentials_expiry_timestamp_seconds", () => credentialsUse.expiresAtMs / 1_000);
}
