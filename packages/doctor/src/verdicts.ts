import type { Step } from "./report.ts";

interface Verdict {
  /** The step at which it shows first; it may show at a later one too. */
  step: Step;
  meaning: string;
  /** `{name}` stands for what the check knows, such as the variable that is to be set. */
  remedy: string;
}

const verdict = (step: Step, meaning: string, remedy: string): Verdict => ({ step, meaning, remedy });

/** Everything that the doctor can find; `docs/aws.md` is made from this list. */
export const verdicts = {
  dns_not_found: verdict(
    "dns",
    "The name has no address here.",
    "Check {address}. A private name (MSK, RDS, ElastiCache, a VPC endpoint) resolves only in its VPC, or in one that is peered and associated with its private hosted zone.",
  ),
  dns_failed: verdict(
    "dns",
    "The name server does not answer.",
    "Check the cluster's DNS: the CoreDNS pods, and egress from this pod to port 53 over UDP and TCP.",
  ),
  tcp_refused: verdict(
    "tcp",
    "The host answers, and nothing listens on this port.",
    "Check the port in {address} and that the service runs ({ports}).",
  ),
  tcp_timeout: verdict(
    "tcp",
    "Nothing comes back: packets are dropped on the way.",
    "Allow inbound TCP {port} in the service's security group from this pod's security group or subnet; then look at network ACLs, routes and NetworkPolicies.",
  ),
  tcp_unreachable: verdict(
    "tcp",
    "There is no way to the host, or the connection was cut.",
    "Check the routes between the two VPCs or subnets, and {address}.",
  ),
  tls_untrusted: verdict(
    "tls",
    "The server's certificate comes from an authority that is not trusted here.",
    "Set {ca} to the PEM file of the authority that signed it; for RDS the bundle from truststore.pki.rds.amazonaws.com.",
  ),
  tls_host_mismatch: verdict(
    "tls",
    "The server's certificate is made out to another name.",
    "Set {address} to a name in the certificate: the service's own endpoint instead of an alias, an address or a tunnel.",
  ),
  tls_expired: verdict(
    "tls",
    "The server's certificate has ended or has not begun.",
    "Renew the server's certificate, and check this machine's clock.",
  ),
  tls_not_spoken: verdict(
    "tls",
    "The server does not speak TLS on this port.",
    "Set {address} to the service's TLS port, or turn TLS off by {tls}; with IAM it can't be turned off.",
  ),
  tls_timeout: verdict(
    "tls",
    "The connection is open and the server says nothing.",
    "Something else listens at {address}, or a proxy in between waits: check the port, and whether it speaks TLS.",
  ),
  tls_failed: verdict("tls", "The TLS handshake failed otherwise.", "Check {ca} and the server's TLS settings."),
  aws_no_credentials: verdict(
    "authentication",
    "The provider chain found no credentials.",
    "Give the pod a role: annotate its service account with eks.amazonaws.com/role-arn (IRSA) or make an EKS Pod Identity association, and restart the pod. Outside of EKS set AWS_PROFILE or a key.",
  ),
  aws_token_file_missing: verdict(
    "authentication",
    "The file of AWS_WEB_IDENTITY_TOKEN_FILE can't be read.",
    "EKS mounts it when the pod is made: check that the pod runs under the annotated service account, and restart it.",
  ),
  aws_trust_policy: verdict(
    "authentication",
    "The role does not let this service account take it.",
    "Set the role's trust policy to the one below, and check that AWS_ROLE_ARN is the role that was meant.",
  ),
  aws_oidc_provider: verdict(
    "authentication",
    "STS does not accept the pod's token.",
    "Create the IAM OIDC provider of this EKS cluster in the role's account, with the audience sts.amazonaws.com.",
  ),
  aws_sts_unreachable: verdict(
    "authentication",
    "The role could not be taken: STS does not answer.",
    "Give the subnet a way to sts.{region}.amazonaws.com: a VPC endpoint for STS whose security group allows TCP 443 from this pod, or a NAT gateway.",
  ),
  aws_key_refused: verdict(
    "authorization",
    "STS does not know the key, or it has ended.",
    "Replace the key, with its session token where it is a temporary one; see that no old AWS_ACCESS_KEY_ID hides the pod's role.",
  ),
  clock_skew: verdict(
    "probe",
    "This machine's clock is wrong by more than signatures bear.",
    "Set the clock: it is {seconds} s {direction} AWS. On EC2 use the Amazon Time Sync Service (chrony with 169.254.169.123).",
  ),
  kafka_iam_refused: verdict(
    "authentication",
    "The broker refused the IAM token.",
    "Allow kafka-cluster:Connect as below; if it is allowed, the key, AWS_REGION or the clock is wrong, or this is another cluster.",
  ),
  kafka_scram_refused: verdict(
    "authentication",
    "The broker refused the user or the password.",
    "Check KAFKA_SCRAM_USERNAME and KAFKA_SCRAM_PASSWORD; on MSK the secret must be associated with the cluster.",
  ),
  kafka_mechanism: verdict(
    "authentication",
    "The broker does not take this kind of login on this port.",
    "Check KAFKA_SECURITY and the port in KAFKA_BOOTSTRAP_SERVERS: {ports}.",
  ),
  kafka_hung_up: verdict(
    "authentication",
    "The broker closed the connection.",
    "Check that KAFKA_SECURITY is what this port takes, and for mTLS that KAFKA_TLS_CERTIFICATE_PATH and KAFKA_TLS_KEY_PATH are a pair that the cluster trusts.",
  ),
  kafka_denied: verdict(
    "authorization",
    "The principal lacks permissions.",
    "Allow it: {actions}. With IAM by the statements below, else by ACLs of these operations.",
  ),
  kafka_topic_missing: verdict(
    "authorization",
    "A topic does not exist, and KAFKA_CREATE_TOPICS is false.",
    "Create {topics}, or set KAFKA_CREATE_TOPICS=true, or correct the topic's name.",
  ),
  postgres_iam_refused: verdict(
    "authentication",
    "RDS refused the IAM token.",
    "Allow rds-db:connect as below and run GRANT rds_iam TO {user}. POSTGRES_HOST and POSTGRES_PORT must be the instance's own, since they are signed; then check AWS_REGION, the key and the clock.",
  ),
  postgres_password_refused: verdict(
    "authentication",
    "PostgreSQL refused the user or the password.",
    "Check POSTGRES_USER and POSTGRES_PASSWORD. A user with rds_iam takes no password: set POSTGRES_USE_IAM_AUTH=true.",
  ),
  postgres_host_refused: verdict(
    "authentication",
    "PostgreSQL takes nobody from here, or not without TLS.",
    "Set POSTGRES_TLS=true (RDS forces TLS by rds.force_ssl), or allow this address in pg_hba.conf.",
  ),
  postgres_database_missing: verdict(
    "authentication",
    "The database does not exist.",
    "Create it, or correct POSTGRES_DATABASE.",
  ),
  postgres_rds_iam_missing: verdict("authorization", "The user may not log in by IAM.", "Run GRANT rds_iam TO {user}."),
  postgres_denied: verdict("authorization", "The user lacks rights in the database.", "Run as the owner: {grants}"),
  postgres_table_missing: verdict(
    "authorization",
    "The table demo_log does not exist in POSTGRES_SCHEMA.",
    "Start the sink with POSTGRES_MIGRATE=true, which makes it, or correct POSTGRES_DATABASE and POSTGRES_SCHEMA.",
  ),
  opensearch_iam_refused: verdict(
    "authentication",
    "OpenSearch refused the signature.",
    "Check AWS_REGION, OPENSEARCH_AWS_SERVICE (es or aoss), the key with its session token, and the clock. What came back says which.",
  ),
  opensearch_password_refused: verdict(
    "authentication",
    "OpenSearch refused the user or the password, or wants one.",
    "Check OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or set OPENSEARCH_USE_IAM_AUTH=true.",
  ),
  opensearch_denied: verdict(
    "authorization",
    "The principal may not do this.",
    "Allow it in the role's policy as below and in the domain's access policy (Serverless: in a data access policy). With fine-grained access control also map the role's ARN to an OpenSearch role that may {actions}.",
  ),
  opensearch_index_missing: verdict(
    "authorization",
    "The index does not exist, and nobody may create it.",
    "Create {index}, or set OPENSEARCH_CREATE_INDEX=true for the sink, or correct OPENSEARCH_INDEX.",
  ),
  opensearch_vector_missing: verdict(
    "authorization",
    "The index has no knn_vector field named vector.",
    "Set OPENSEARCH_INDEX to a new index, which the sink makes as it needs it.",
  ),
  opensearch_dimensions: verdict(
    "authorization",
    "The index's vectors have other dimensions than the embedding model's.",
    "Set OPENSEARCH_INDEX to a new index, or the model or OPENAI_EMBEDDING_DIMENSIONS to what gives {dimensions}.",
  ),
  redis_iam_refused: verdict(
    "authentication",
    "ElastiCache refused the IAM token.",
    "Allow elasticache:Connect on the cache and the user as below. The user's id must be its name and be in the cache's user group; then check REDIS_IAM_CACHE_NAME, REDIS_IAM_SERVERLESS, AWS_REGION, the key and the clock.",
  ),
  redis_password_refused: verdict(
    "authentication",
    "Redis refused the user or the password.",
    "Check REDIS_USERNAME and REDIS_PASSWORD.",
  ),
  redis_password_wanted: verdict(
    "authentication",
    "Redis wants a password.",
    "Set REDIS_PASSWORD, or REDIS_USE_IAM_AUTH=true.",
  ),
  redis_denied: verdict(
    "probe",
    "The user may not do this with this key.",
    "Give the user its keys and commands, such as ACL SETUSER {user} ~{prefix}:* +@read +@write +@connection.",
  ),
  secret_denied: verdict(
    "authentication",
    "The role may not read the secret that holds the key.",
    "Allow secretsmanager:GetSecretValue as below, and kms:Decrypt where the secret has a KMS key of its own.",
  ),
  secret_unusable: verdict(
    "authentication",
    "The secret that holds the key can't be used.",
    "Check OPENAI_API_KEY_SECRET_ARN and OPENAI_API_KEY_SECRET_FIELD, and that the secret has a value.",
  ),
  embedding_key_refused: verdict(
    "authentication",
    "The embeddings API refused the key.",
    "Check OPENAI_API_KEY, and that it belongs to OPENAI_BASE_URL.",
  ),
  embedding_forbidden: verdict(
    "authentication",
    "The key may not use embeddings, or not from here.",
    "Give the key's project the embeddings permission and {model}; then look at the region and the IP allowlist.",
  ),
  embedding_quota_exceeded: verdict(
    "authorization",
    "The account has no credit left; waiting does not help.",
    "Add credit or raise the limit at the provider. Until then the pipeline waits, and loses nothing.",
  ),
  embedding_rate_limited: verdict(
    "authorization",
    "The rate limit is reached at this moment.",
    "It passes by itself. Where it stays so, lower EMBED_CONCURRENCY or have the limit raised.",
  ),
  embedding_model_unknown: verdict(
    "authorization",
    "The provider has no such model for this key.",
    "Check OPENAI_EMBEDDING_MODEL ({model}) and OPENAI_BASE_URL, which ends in /v1 as a rule.",
  ),
  embedding_dimensions: verdict(
    "probe",
    "The vectors have other dimensions than were asked for.",
    "Set OPENAI_EMBEDDING_DIMENSIONS to what the model can give.",
  ),
  embedding_weights_missing: verdict(
    "probe",
    "The local embedder can't load its weights.",
    "Restore packages/embed/model, which is part of the repository and of the embed image, or set OPENAI_API_KEY.",
  ),
  registry_password_refused: verdict(
    "authentication",
    "The schema registry refused the user or the password, or wants one.",
    "Check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.",
  ),
  registry_denied: verdict(
    "authentication",
    "The user may not read the registry's schemas.",
    "Let {user} read all subjects, and for the api register them too (Apicurio: the roles sr-readonly and sr-developer).",
  ),
  registry_unknown: verdict(
    "authentication",
    "What answers, or hangs up, is no schema registry.",
    "Set SCHEMA_REGISTRY_URL to where Confluent's API begins, with https where it speaks TLS: for Confluent's own registry without a path, for Apicurio with /apis/ccompat/v7.",
  ),
  registry_unavailable: verdict(
    "authentication",
    "The schema registry answers that it can't work now.",
    "Look at its own log and at its storage. A 502, 503 or 504 may be a load balancer's that reaches no registry.",
  ),
  embed_refused: verdict(
    "probe",
    "The request for a vector was refused on its way: the embed process asks for no login.",
    "Set EMBED_URL to the embed process itself, or let the api through in the proxy or service mesh between them.",
  ),
  embed_unknown: verdict(
    "probe",
    "What answers, or hangs up, is not the embed process.",
    "Set EMBED_URL to the embed process, without a path; its PORT is 8082 by default, and it speaks no TLS itself.",
  ),
  embed_unavailable: verdict(
    "probe",
    "The embed process answers, and has no vector.",
    "What came back is its provider's word: millrace doctor --process embed says more. Where it is a proxy's, no embed process is ready behind it.",
  ),
  no_answer: verdict(
    "authentication",
    "The server took the request and did not answer in time.",
    "It is overloaded, stopped, or something else listens at {address}: look at its own metrics and log. --timeout gives it longer.",
  ),
  failed: verdict(
    "authentication",
    "Something else went wrong.",
    "What came back says what; the dependency's own log says more.",
  ),
} as const satisfies Record<string, Verdict>;
export type VerdictCode = keyof typeof verdicts;

/** The remedy with what the check knows filled in; what it does not know stays as it is. */
export function remedyText(code: VerdictCode, names: Record<string, string>): string {
  return verdicts[code].remedy.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
}
