import type { AwsCredentialsProvider } from "@millrace/connections";
import type { OpenSearchClient, OpenSearchSettings, openOpenSearch } from "@millrace/opensearch";
import { describeCause, quietly } from "@millrace/shared";
import type { Check, Examination } from "./check.ts";
import { openSearchNeeds } from "./needs.ts";
import { networkFailure } from "./network.ts";
import type { Failure, Step } from "./report.ts";
import type { Subject } from "./subject.ts";
import { quote, urlChecks, urlNames } from "./url.ts";

/** `OPENSEARCH_CREATE_INDEX` where the process may make its index. */
type Settings = OpenSearchSettings & { OPENSEARCH_CREATE_INDEX?: boolean };

/** A list is a bulk request. */
type RequestBody = Record<string, unknown> | Record<string, unknown>[];

interface Answer {
  status: number;
  body: unknown;
}

/**
 * Nothing is stored: the document that is written has a condition that no document fulfils, so OpenSearch looks at the
 * permission and at the mapping, and then refuses it as a conflict (docs/decisions/0009-doctor-writes-nothing.md).
 *
 * @param open opens the client: only processes that have OpenSearch load it
 * @param dimensions of the embedding model's vectors, where they are known
 */
export function examineOpenSearch(
  subject: Subject,
  settings: Settings,
  open: typeof openOpenSearch,
  {
    dimensions,
    credentials,
  }: { dimensions?: number | undefined; credentials?: AwsCredentialsProvider | undefined } = {},
): Examination {
  const { OPENSEARCH_ENDPOINT: endpoint, OPENSEARCH_INDEX: index } = settings;
  const writes = subject === "sink" || subject === "all";
  const mayCreate = settings.OPENSEARCH_CREATE_INDEX !== false;
  const ca = { variable: "OPENSEARCH_TLS_CA_PATH", path: settings.OPENSEARCH_TLS_CA_PATH };
  const client = open(settings, quietly(), credentials);
  const who = principal(settings);
  const send = (method: string, path: string, body?: RequestBody): Promise<Answer> => ask(client, method, path, body);
  const refused = (answer: Answer) => refusal(answer, subject, settings);
  let mapping: Answer | undefined;
  let indexDimensions: number | undefined;

  const authentication: Check = {
    step: "authentication",
    tried: `GET ${endpoint}/${index}/_mapping as ${who}`,
    async run() {
      mapping = await send("GET", `/${index}/_mapping`);
      const failure = refused(mapping);
      // Whoever is known by name and may not do this is known all the same: that is the next step's.
      return failure && failure.code !== "opensearch_denied" ? failure : `HTTP ${mapping.status}`;
    },
  };
  const authorization: Check = {
    step: "authorization",
    tried: `${index}: a vector field${dimensions === undefined ? "" : ` of ${dimensions} dimensions`}`,
    async run() {
      if (!mapping) throw new Error("the mapping was not read");
      const denied = refused(mapping);
      if (denied) return { ...denied, tried: `GET ${endpoint}/${index}/_mapping as ${who}` };
      if (mapping.status === 404) return withoutIndex();
      indexDimensions = vectorDimensions(mapping.body);
      return judgeDimensions(index, indexDimensions, dimensions);
    },
  };
  /** The api answers searches without an index by an empty list, so that only the sink may miss it. */
  const withoutIndex = async (): Promise<string | Failure> => {
    const said = `HTTP 404: no index ${index}`;
    if (!mayCreate) return { code: "opensearch_index_missing", said, names: { index } };
    if (!writes) return `${said}; the sink makes it`;
    // An index of no shards is refused, after the permission was looked at.
    const answer = await send("PUT", `/${index}`, { settings: { index: { number_of_shards: 0 } } });
    return refused(answer) ?? `${said}; it can be made`;
  };
  /** `verify` asks so; no body of an answer to HEAD tells what is missing. */
  const askWhetherThere = async (): Promise<string | Failure> => {
    const answer = await send("HEAD", `/${index}`);
    const { status } = answer;
    if (status !== 401 && status !== 403) return unexpected(answer, [200]) ?? "searched";
    const denied = denial(`HTTP ${status}`, subject, settings, "es:ESHttpHead");
    return { ...denied, tried: `HEAD ${endpoint}/${index} as ${who}` };
  };
  const probe: Check = {
    step: "probe",
    tried: `search ${index}${writes ? ", and write a document that is refused as a conflict" : ""}, as ${who}`,
    async run() {
      if (indexDimensions === undefined) return "there is no index yet";
      const found = await send("POST", `/${index}/_search`, { size: 0, query: { match_all: {} } });
      const unreadable = refused(found) ?? unexpected(found, [200]);
      if (unreadable) return unreadable;
      if (subject === "cli") return askWhetherThere();
      if (!writes) return "searched";
      const written = await send("POST", "/_bulk", bulkOf(index, indexDimensions));
      return refused(written) ?? refusedItem(written, subject, settings) ?? "searched, and nothing was stored";
    },
  };
  return {
    dependency: "opensearch",
    names: {
      ...urlNames("OPENSEARCH_ENDPOINT", endpoint, { ca: ca.variable, ports: "domains and collections listen on 443" }),
      index,
    },
    checks: [...urlChecks(endpoint, { ca }), authentication, authorization, probe],
    explain: (error, step) => explain(error, step, subject, settings),
    close: () => client.close(),
  };
}

/** Every answer is one, whatever its status. */
async function ask(client: OpenSearchClient, method: string, path: string, body?: RequestBody): Promise<Answer> {
  const content = Array.isArray(body) ? { bulkBody: body } : body && { body };
  try {
    const answer = await client.transport.request({ method, path, ...content });
    return { status: answer.statusCode ?? 0, body: answer.body };
  } catch (error) {
    const answer = answerOf(error);
    if (!answer) throw error;
    return answer;
  }
}

/** What the server answered, where the client's error is that; undefined where none came. */
function answerOf(error: unknown): Answer | undefined {
  const { meta } = error as { meta?: { statusCode?: number | null; body?: unknown } };
  if (typeof meta?.statusCode !== "number" || meta.statusCode === 0) return undefined;
  return { status: meta.statusCode, body: meta.body };
}

/** What a 401 or 403 means: the signature, the password, or the permission. */
function refusal({ status, body }: Answer, subject: Subject, settings: Settings): Failure | undefined {
  if (status !== 401 && status !== 403) return undefined;
  const said = quote(status, body);
  const iam = settings.OPENSEARCH_USE_IAM_AUTH;
  if (/is not authorized to perform|no permissions for|security_exception/i.test(said)) {
    return denial(said, subject, settings);
  }
  if (iam) return { code: "opensearch_iam_refused", said };
  return status === 401 ? { code: "opensearch_password_refused", said } : denial(said, subject, settings);
}

/** AWS names the one action that is missing; where it does not, all of them are told. */
function denial(said: string, subject: Subject, settings: Settings, known?: string): Failure {
  const [, named = known] = /not authorized to perform: (es:\w+)/.exec(said) ?? [];
  const [, inside] = /no permissions for \[([^\]]+)\]/.exec(said) ?? [];
  const needs = openSearchNeeds(subject, settings);
  const missing = named === undefined ? needs : needs.filter(({ action }) => action === named);
  const actions = inside ?? "read and write this index";
  return { code: "opensearch_denied", said, names: { actions }, ...(settings.OPENSEARCH_USE_IAM_AUTH && { missing }) };
}

function vectorDimensions(mapping: unknown): number {
  const [first] = Object.values(mapping as Record<string, Mapping | undefined>);
  return first?.mappings?.properties?.vector?.dimension ?? 0;
}

interface Mapping {
  mappings?: { properties?: { vector?: { dimension?: number } } };
}

function judgeDimensions(index: string, has: number, wanted: number | undefined): string | Failure {
  if (has === 0) return { code: "opensearch_vector_missing", said: `${index} has no knn_vector field named vector` };
  if (wanted === undefined || wanted === has) return `${has} dimensions`;
  const said = `${index} has ${has} dimensions, the embedding model ${wanted}`;
  return { code: "opensearch_dimensions", said, names: { dimensions: String(has) } };
}

function bulkOf(index: string, dimensions: number): Record<string, unknown>[] {
  const condition = { if_seq_no: Number.MAX_SAFE_INTEGER, if_primary_term: 1 };
  const vector = Array.from({ length: dimensions }, () => 1);
  return [{ index: { _index: index, _id: "millrace-doctor", ...condition } }, { text: "", vector }];
}

interface BulkBody {
  items?: { index?: { status?: number; error?: unknown } }[];
}

/** 409 is right. Serverless takes no ids of one's own, and says so after it has looked at the permission. */
function refusedItem({ status, body }: Answer, subject: Subject, settings: Settings): Failure | undefined {
  const item = (body as BulkBody).items?.[0]?.index;
  const answer = { status: item?.status ?? status, body: item?.error ?? body };
  if (settings.OPENSEARCH_AWS_SERVICE === "aoss" && /document id/i.test(JSON.stringify(answer.body))) return undefined;
  return refusal(answer, subject, settings) ?? unexpected(answer, [409]);
}

function unexpected({ status, body }: Answer, expected: readonly number[]): Failure | undefined {
  return expected.includes(status) ? undefined : { code: "failed", said: quote(status, body) };
}

function explain(error: unknown, step: Step, subject: Subject, settings: Settings): Failure | undefined {
  const answer = answerOf(error);
  const refused = answer && refusal(answer, subject, settings);
  if (refused) return refused;
  const said = describeCause(error);
  if (settings.OPENSEARCH_USE_IAM_AUTH && /credentials/i.test(said)) return { code: "aws_no_credentials", said };
  // Of a network's error the client keeps the words alone, with the code among them.
  const [code] = /\bE[A-Z]{6,}\b/.exec(said) ?? [];
  return code === undefined ? undefined : networkFailure(Object.assign(new Error(said), { code }), step);
}

function principal(settings: Settings): string {
  if (settings.OPENSEARCH_USE_IAM_AUTH) return `the role, signed for ${settings.OPENSEARCH_AWS_SERVICE}`;
  return settings.OPENSEARCH_USERNAME ?? "nobody by name";
}
