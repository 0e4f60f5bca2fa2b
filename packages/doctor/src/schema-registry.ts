import {
  askRegistry,
  isListOfSchemaTypes,
  type RegistryAnswer,
  registryAddress,
  SCHEMA_TYPES_PATH,
  type SchemaRegistrySettings,
} from "@millrace/connections";
import type { Examination, StepCheck } from "./examination.ts";
import type { CheckFailure } from "./report.ts";
import { quote, urlChecks, urlNames, withoutHttp } from "./url.ts";

const SUBJECTS_PATH = "/subjects";

/**
 * Only reads, although the api also registers schemas: a registered schema takes an id of the whole registry for good,
 * and deleting it needs a permission that no process has. Permissions may also be granted per subject, and the subjects
 * follow from the events' topics, so a probe subject would prove nothing.
 *
 * @returns an empty list if no registry is configured
 */
export function examineSchemaRegistry(settings: Partial<SchemaRegistrySettings>): Examination[] {
  const { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_USERNAME, SCHEMA_REGISTRY_TLS_CA_PATH: path } = settings;
  if (url === undefined) return [];
  const ca = { variable: "SCHEMA_REGISTRY_TLS_CA_PATH", path };
  const address = registryAddress({ ...settings, SCHEMA_REGISTRY_URL: url });
  const user = SCHEMA_REGISTRY_USERNAME ?? "an anonymous user";

  const authentication: StepCheck = {
    step: "authentication",
    tried: `GET ${url}${SCHEMA_TYPES_PATH} as ${user}`,
    async run(signal) {
      const answer = await askRegistry(address, SCHEMA_TYPES_PATH, signal);
      return refusal(answer) ?? (isListOfSchemaTypes(answer) ? quoted(answer) : unknown(answer));
    },
  };
  const probe: StepCheck = {
    step: "probe",
    tried: `GET ${url}${SUBJECTS_PATH} as ${user}`,
    async run(signal) {
      const answer = await askRegistry(address, SUBJECTS_PATH, signal);
      return refusal(answer) ?? (answer.status === 200 ? "subjects listed" : unknown(answer));
    },
  };
  const examination: Examination = {
    dependency: "schema-registry",
    names: {
      ...urlNames("SCHEMA_REGISTRY_URL", url, {
        ca: ca.variable,
        ports: "Confluent's registry listens on 8081, Apicurio's on 8080",
      }),
      user,
    },
    checks: [...urlChecks(url, { ca }), authentication, probe],
    explain: (error, step) => withoutHttp(error, step, "registry_unknown"),
    close: async () => address.agent?.destroy(),
  };
  return [examination];
}

function refusal(answer: RegistryAnswer): CheckFailure | undefined {
  const { status } = answer;
  if (status === 401) return { code: "registry_password_refused", said: quoted(answer) };
  if (status === 403) return { code: "registry_denied", said: quoted(answer) };
  if (status === 429 || status >= 500) return { code: "registry_unavailable", said: quoted(answer) };
  return undefined;
}

function unknown(answer: RegistryAnswer): CheckFailure {
  return { code: "registry_unknown", said: quoted(answer) };
}

function quoted({ status, body }: RegistryAnswer): string {
  return quote(status, body);
}
