import { Metrics, metricsRoute } from "@millrace/shared";
import { expect, test } from "vitest";
import { exposeIdentity } from "./expose-identity.ts";

test("the scrape names the services reached by IAM, and counts the requests for credentials", async () => {
  const metrics = new Metrics("embed");
  exposeIdentity(metrics, { KAFKA_USE_IAM_AUTH: false, REDIS_USE_IAM_AUTH: true });
  const text = await (await metricsRoute(metrics).request("/metrics")).text();
  expect(text).toContain('millrace_iam_enabled{dependency="kafka",service="embed"} 0');
  expect(text).toContain('millrace_iam_enabled{dependency="redis",service="embed"} 1');
  expect(text).toContain('millrace_aws_credentials_requests_total{status="failed",service="embed"} 0');
});
