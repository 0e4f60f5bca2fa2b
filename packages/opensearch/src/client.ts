import { type AwsCredentialsProvider, awsCredentials, tlsOptions } from "@millrace/connections";
import type { Patience } from "@millrace/shared";
import { requireSetting } from "@millrace/shared";
import { Client, type ClientOptions } from "@opensearch-project/opensearch";
import type { OpenSearchSettings } from "./settings.ts";
import { nameClockSkew, signedByIam } from "./signed-by-iam.ts";

export { Client as OpenSearchClient } from "@opensearch-project/opensearch";

/**
 * A client without retries: its callers retry item by item. It connects with the first request.
 *
 * @param credentials sign the requests under IAM; absent: the default provider chain
 */
export function openOpenSearch(
  settings: OpenSearchSettings,
  { health }: Patience,
  credentials?: AwsCredentialsProvider,
): Client {
  health.starting("opensearch");
  const client = new Client({
    node: settings.OPENSEARCH_ENDPOINT,
    maxRetries: 0,
    requestTimeout: settings.OPENSEARCH_TIMEOUT_MS,
    ...(settings.OPENSEARCH_TLS_CA_PATH && {
      ssl: tlsOptions({ ca: { variable: "OPENSEARCH_TLS_CA_PATH", path: settings.OPENSEARCH_TLS_CA_PATH } }),
    }),
    ...identity(settings, credentials),
  });
  if (settings.OPENSEARCH_USE_IAM_AUTH) nameClockSkew(client);
  return client;
}

function identity(settings: OpenSearchSettings, credentials?: AwsCredentialsProvider): ClientOptions {
  if (settings.OPENSEARCH_USE_IAM_AUTH) {
    const region = requireSetting(settings, "AWS_REGION");
    const provider = credentials ?? awsCredentials(settings.AWS_ROLE_SESSION_NAME);
    return signedByIam(region, settings.OPENSEARCH_AWS_SERVICE, provider);
  }
  if (!settings.OPENSEARCH_USERNAME) return {};
  return { auth: { username: settings.OPENSEARCH_USERNAME, password: settings.OPENSEARCH_PASSWORD ?? "" } };
}
