import { awsSettings, iamFlag, pemPath } from "@millrace/connections";
import { described, variable } from "@millrace/shared";
import { z } from "zod";

export const openSearchSettings = {
  OPENSEARCH_ENDPOINT: described(variable.url(), "URL of OpenSearch."),
  OPENSEARCH_INDEX: described(
    z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,200}$/, {
        error: "an index has lower-case letters, digits, '.', '_' and '-' only",
      })
      .default("millrace"),
    "Index of the documents.",
  ),
  OPENSEARCH_USERNAME: described(z.string().optional(), "User, where the cluster asks for one."),
  OPENSEARCH_PASSWORD: z.string().optional().meta({ description: "Password.", secret: true }),
  OPENSEARCH_TIMEOUT_MS: described(
    variable.integer(100, 600_000).default(30_000),
    "Time for OpenSearch to answer a request.",
  ),
  OPENSEARCH_USE_IAM_AUTH: iamFlag("OpenSearch", ": each request is signed"),
  OPENSEARCH_AWS_SERVICE: described(
    z.enum(["es", "aoss"]).default("es"),
    "What signatures are made for: es, a managed domain; aoss, OpenSearch Serverless.",
  ),
  OPENSEARCH_TLS_CA_PATH: pemPath(
    "PEM file of the authorities that the server's certificate is checked against; absent: the public ones.",
  ),
  ...awsSettings,
};
export type OpenSearchSettings = z.output<z.ZodObject<typeof openSearchSettings>>;
