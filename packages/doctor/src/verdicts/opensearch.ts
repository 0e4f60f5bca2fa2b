import { type Verdict, verdict } from "./verdict.ts";

export const opensearchVerdicts = {
  opensearch_iam_refused: verdict(
    "authentication",
    "OpenSearch refused the signature.",
    "Check AWS_REGION, OPENSEARCH_AWS_SERVICE (es or aoss), the key with its session token, and the clock. The response says which is wrong.",
  ),
  opensearch_password_refused: verdict(
    "authentication",
    "OpenSearch refused the user name or password, or requires one.",
    "Check OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or set OPENSEARCH_USE_IAM_AUTH=true.",
  ),
  opensearch_denied: verdict(
    "authorization",
    "The principal is not allowed to do this.",
    "Allow it in the role's policy as below and in the domain's access policy (Serverless: in a data access policy). With fine-grained access control, also map the role's ARN to an OpenSearch role that may {actions}.",
  ),
  opensearch_index_missing: verdict(
    "authorization",
    "The index does not exist and may not be created.",
    "Create {index}, set OPENSEARCH_CREATE_INDEX=true for the sink, or correct OPENSEARCH_INDEX.",
  ),
  opensearch_vector_missing: verdict(
    "authorization",
    "The index has no knn_vector field named vector.",
    "Set OPENSEARCH_INDEX to a new index; the sink creates it with the mapping that it needs.",
  ),
  opensearch_dimensions: verdict(
    "authorization",
    "The index's vectors have different dimensions from the embedding model's.",
    "Set OPENSEARCH_INDEX to a new index, or choose a model or OPENAI_EMBEDDING_DIMENSIONS with {dimensions} dimensions.",
  ),
} as const satisfies Record<string, Verdict>;
