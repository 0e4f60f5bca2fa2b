import { describeCause } from "@millrace/shared";
import { openSearchNeeds } from "../needs.ts";
import { networkFailure } from "../network.ts";
import type { CheckFailure } from "../report.ts";
import type { Step } from "../step.ts";
import type { ExaminedOpenSearch, SearchClient } from "../stores.ts";
import type { Subject } from "../subject.ts";
import { quote, type ServerAnswer } from "../url.ts";

/** The caller; the meaning of a refusal depends on it. */
export interface Asker {
  subject: Subject;
  settings: ExaminedOpenSearch;
}

/** A list is a bulk request. */
type RequestBody = Record<string, unknown> | Record<string, unknown>[];

/** Returns the response, whatever its status. */
export async function ask(
  client: SearchClient,
  method: string,
  path: string,
  body?: RequestBody,
): Promise<ServerAnswer> {
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

/** The server's response inside a client error; `undefined` if there was none. */
function answerOf(error: unknown): ServerAnswer | undefined {
  const { meta } = error as { meta?: { statusCode?: number | null; body?: unknown } };
  if (typeof meta?.statusCode !== "number" || meta.statusCode === 0) return undefined;
  return { status: meta.statusCode, body: meta.body };
}

/** Explains a 401 or 403: the signature, the password, or the permission. */
export function refusal({ status, body }: ServerAnswer, asker: Asker): CheckFailure | undefined {
  if (status !== 401 && status !== 403) return undefined;
  const said = quote(status, body);
  const iam = asker.settings.OPENSEARCH_USE_IAM_AUTH;
  if (/is not authorized to perform|no permissions for|security_exception/i.test(said)) {
    return denial(said, asker);
  }
  if (iam) return { code: "opensearch_iam_refused", said };
  return status === 401 ? { code: "opensearch_password_refused", said } : denial(said, asker);
}

/** AWS names the missing action; if it does not, all needed ones are listed. */
export function denial(said: string, { subject, settings }: Asker, known?: string): CheckFailure {
  const [, named = known] = /not authorized to perform: (es:\w+)/.exec(said) ?? [];
  const [, inside] = /no permissions for \[([^\]]+)\]/.exec(said) ?? [];
  const needs = openSearchNeeds(subject, settings);
  const missing = named === undefined ? needs : needs.filter(({ action }) => action === named);
  const actions = inside ?? "read and write this index";
  return { code: "opensearch_denied", said, names: { actions }, ...(settings.OPENSEARCH_USE_IAM_AUTH && { missing }) };
}

interface BulkBody {
  items?: { index?: { status?: number; error?: unknown } }[];
}

/** 409 is the expected answer. Serverless accepts no custom ids, and says so after it has checked the permission. */
export function refusedItem({ status, body }: ServerAnswer, asker: Asker): CheckFailure | undefined {
  const item = (body as BulkBody).items?.[0]?.index;
  const answer = { status: item?.status ?? status, body: item?.error ?? body };
  if (asker.settings.OPENSEARCH_AWS_SERVICE === "aoss" && /document id/i.test(JSON.stringify(answer.body)))
    return undefined;
  return refusal(answer, asker) ?? unexpected(answer, [409]);
}

export function unexpected({ status, body }: ServerAnswer, expected: readonly number[]): CheckFailure | undefined {
  return expected.includes(status) ? undefined : { code: "failed", said: quote(status, body) };
}

export function explain(error: unknown, step: Step, asker: Asker): CheckFailure | undefined {
  const answer = answerOf(error);
  const refused = answer && refusal(answer, asker);
  if (refused) return refused;
  const said = describeCause(error);
  if (asker.settings.OPENSEARCH_USE_IAM_AUTH && /credentials/i.test(said)) return { code: "aws_no_credentials", said };
  // The client keeps only the message of a network error, which contains the code.
  const [code] = /\bE[A-Z]{6,}\b/.exec(said) ?? [];
  return code === undefined ? undefined : networkFailure(Object.assign(new Error(said), { code }), step);
}
