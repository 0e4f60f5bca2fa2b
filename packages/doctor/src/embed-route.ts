import { embedAnswerSchema, parseJson } from "@millrace/shared";
import type { Examination } from "./examination.ts";
import type { CheckFailure } from "./report.ts";
import type { DoctorSettings } from "./subject.ts";
import { quote, urlChecks, urlNames, withoutHttp } from "./url.ts";

/**
 * Requests the vector of one word from the embed process, as the api does for each search: a live process may still
 * have a failing provider. The process requires no login, so a refusal comes from something in front of it.
 *
 * @returns an empty list if EMBED_URL is not set
 */
export function examineEmbedRoute({ EMBED_URL: url }: Pick<DoctorSettings, "EMBED_URL">): Examination[] {
  if (url === undefined) return [];
  const examination: Examination = {
    dependency: "embed",
    names: urlNames("EMBED_URL", url, {
      ca: "NODE_EXTRA_CA_CERTS",
      ports: "embed listens on its PORT, 8082 by default",
    }),
    checks: [
      ...urlChecks(url),
      {
        step: "probe",
        tried: `POST ${url}/embed for the vector of one word`,
        run: (signal) => embedOneWord(url, signal),
      },
    ],
    explain: (error, step) => withoutHttp(error, step, "embed_unknown"),
  };
  return [examination];
}

async function embedOneWord(url: string, signal: AbortSignal): Promise<string | CheckFailure> {
  const response = await fetch(`${url}/embed`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "probe" }),
    signal,
  });
  const { status } = response;
  const body = await response.text();
  const said = quote(status, body);
  if (status === 401 || status === 403) return { code: "embed_refused", said };
  if (status === 429 || status >= 500) return { code: "embed_unavailable", said };
  const { data: answer } = embedAnswerSchema.safeParse(parseJson(body));
  return answer ? `${answer.model}, ${answer.dimensions} dimensions` : { code: "embed_unknown", said };
}
