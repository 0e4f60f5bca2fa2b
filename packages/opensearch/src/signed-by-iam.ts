import type { AwsCredentialsProvider } from "@millrace/connections";
import { clockSkewMs, clockSkewOfMessageMs, describeClockSkew } from "@millrace/connections";
import type { Client, ClientOptions } from "@opensearch-project/opensearch";
import { AwsSigv4Signer } from "@opensearch-project/opensearch/aws-v3";

/**
 * Options that make the client sign each request by AWS Signature Version 4: method, path, query, headers and body.
 *
 * A signature is valid within five minutes of its time, so each request gets its own. The client fetches another key if the
 * current one expires within the request's timeout, so that no signature outlives its key.
 *
 * The header `x-amz-content-sha256` carries the SHA-256 of the body, and is signed. OpenSearch Serverless requires it; managed
 * domains accept it. The body may be text or bytes (SMILE), but not a stream: it is read before it is sent.
 *
 * @param service `es` for managed domains, `aoss` for OpenSearch Serverless. It is part of the signing key: the wrong one is
 *   refused with "Credential should be scoped to correct service"
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
 * If this machine's clock is so far off that every signature is invalid, adds that to each refusal, by the response's `Date`
 * or by its message. Otherwise a refusal looks like a missing permission.
 */
export function nameClockSkew(client: Client): void {
  client.on("response", (error, { statusCode, headers }) => {
    if (error === null || (statusCode !== 401 && statusCode !== 403)) return;
    const named = describeClockSkew(clockSkewOfMessageMs(error.message) ?? clockSkewMs(headers?.date));
    if (named) error.message += `: ${named}`;
  });
}
