import type { AwsCredentialsProvider } from "@millrace/connections";
import { quietly } from "@millrace/shared";
import type { Examination, StepCheck } from "../examination.ts";
import type { ExaminedOpenSearch, OpenClient, SearchClient } from "../stores.ts";
import type { Subject } from "../subject.ts";
import { urlChecks, urlNames } from "../url.ts";
import { explain } from "./answers.ts";
import { OpenSearchChecks } from "./checks.ts";

/**
 * Stores nothing: the written document has a condition that no document fulfils, so OpenSearch checks the permission
 * and the mapping and then refuses it as a conflict (docs/decisions/0009-doctor-writes-nothing.md).
 *
 * @param open opens the client: only processes that use OpenSearch load it
 * @param dimensions of the embedding model's vectors, if known
 */
export function examineOpenSearch<Settings extends ExaminedOpenSearch>(
  subject: Subject,
  settings: Settings,
  open: OpenClient<Settings, SearchClient>,
  {
    dimensions,
    credentials,
  }: { dimensions?: number | undefined; credentials?: AwsCredentialsProvider | undefined } = {},
): Examination {
  const { OPENSEARCH_ENDPOINT: endpoint, OPENSEARCH_INDEX: index } = settings;
  const writes = subject === "sink" || subject === "all";
  const ca = { variable: "OPENSEARCH_TLS_CA_PATH", path: settings.OPENSEARCH_TLS_CA_PATH };
  const client = open(settings, quietly(), credentials);
  const who = principal(settings);
  const requests = new OpenSearchChecks(client, { subject, settings }, dimensions);
  const readMapping = `GET ${endpoint}/${index}/_mapping as ${who}`;

  const authentication: StepCheck = {
    step: "authentication",
    tried: readMapping,
    run: () => requests.readMapping(),
  };
  const authorization: StepCheck = {
    step: "authorization",
    tried: `${index}: a vector field${dimensions === undefined ? "" : ` of ${dimensions} dimensions`}`,
    run: () => requests.judgeMapping(readMapping),
  };
  const probe: StepCheck = {
    step: "probe",
    tried: `search ${index}${writes ? ", and write a document that is refused as a conflict" : ""}, as ${who}`,
    run: () => requests.probe(writes, `HEAD ${endpoint}/${index} as ${who}`),
  };
  return {
    dependency: "opensearch",
    names: {
      ...urlNames("OPENSEARCH_ENDPOINT", endpoint, { ca: ca.variable, ports: "domains and collections listen on 443" }),
      index,
    },
    checks: [...urlChecks(endpoint, { ca }), authentication, authorization, probe],
    explain: (error, step) => explain(error, step, { subject, settings }),
    close: () => client.close(),
  };
}

function principal(settings: ExaminedOpenSearch): string {
  if (settings.OPENSEARCH_USE_IAM_AUTH) return `the IAM role, signed for ${settings.OPENSEARCH_AWS_SERVICE}`;
  return settings.OPENSEARCH_USERNAME ?? "an anonymous user";
}
