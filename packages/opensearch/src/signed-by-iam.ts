import type { AwsCredentialsProvider } from "@millrace/connections";
import { clockSkewMs, clockSkewOfMessageMs, describeClockSkew } from "@millrace/connections";
import type { Client, ClientOptions } from "@opensearch-project/opensearch";
import { AwsSigv4Signer } from "@opensearch-project/opensearch/aws-v3";

/**
 * Options that make the client sign each request by AWS Signature Version 4: method, path, query, headers and body.
 *
 * The signature holds for five minutes around its time, so each request has its own and none is kept. The client asks
 * the provider again when the key at hand ends within the request's timeout, so that no signature outlives its key.
 *
 * The SHA-256 of the body goes along as `x-amz-content-sha256`, and is signed. OpenSearch Serverless insists on it;
 * managed domains accept it. The body may be text or bytes (SMILE), but no stream: it has to be read before it is sent.
 *
 * @param service `es` for managed domains, `aoss` for OpenSearch Serverless: it is part of the signing key, and the
 *   wrong one is refused as "Credential should be scoped to correct service"
 */
export function signedByIam(
  region: string,
  service: "es" | "aoss",
  credentials: AwsCredentialsProvider,
): Pick<ClientOptions, "Connection" | "Transport"> {
  const { Connection, Transport } = AwsSigv4Signer({ region, service, getCredentials: () => credentials() });
  return { Connection, Transport } as Pick<ClientOptions, "Connection" | "Transport">;
}

/**
 * Adds to each refusal how far this machine's clock is off, where it is so far off that no signature can be right: by the `Date` of
 * the answer, or by what the message says. Otherwise a refusal looks as if a permission were missing.
 */
export function nameClockSkew(client: Client): void {
  client.on("response", (error, { statusCode, headers }) => {
    if (error === null || (statusCode !== 401 && statusCode !== 403)) return;
    const named = describeClockSkew(clockSkewOfMessageMs(error.message) ?? clockSkewMs(headers?.date));
    if (named) error.message += `: ${named}`;
  });
}
