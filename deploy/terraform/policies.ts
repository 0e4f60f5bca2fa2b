// Writes the policies of modules/iam-roles as the doctor prints them, with Terraform's variables where the doctor has the
// account's own names. `--check` writes nothing and fails where a file differs.
//   node --conditions=millrace deploy/terraform/policies.ts [--check]
import { readFileSync, writeFileSync } from "node:fs";
import { readSubject } from "../../packages/cli/src/index.ts";
import { policyOf, roleNames, type Subject } from "../../packages/doctor/src/index.ts";

const folder = new URL("modules/iam-roles/", import.meta.url);

/** Topics, index and users, as the chart's values have them too: they decide what a policy names. */
const settings: Record<string, string> = JSON.parse(readFileSync(new URL("settings.json", folder), "utf8"));

/** Names that the doctor takes from addresses, and the variables of Terraform that stand for them. */
const placeholders: [name: string, variable: string][] = [
  ["arn:aws:secretsmanager:eu-west-1:000000000000:secret:openai", "openai_secret_arn"],
  ["arn:aws:", `\${partition}:`],
  ["eu-west-1", "region"],
  ["000000000000", "account_id"],
  ["KAFKA-CLUSTER", "kafka_cluster_name"],
  ["DB_RESOURCE_ID", "database_resource_id"],
  ["DOMAIN-NAME", "search_domain_name"],
  ["COLLECTION-ID", "search_collection_id"],
  ["CACHE-NAME", "cache_name"],
];

const estate: Record<string, string> = {
  ...settings,
  AWS_REGION: "eu-west-1",
  KAFKA_BOOTSTRAP_SERVERS: "b-1.KAFKA-CLUSTER.abc123.c2.kafka.eu-west-1.amazonaws.com:9098",
  KAFKA_USE_IAM_AUTH: "true",
  AUTH_JWKS_URL: "https://login.example.com/keys",
  POSTGRES_HOST: "database",
  POSTGRES_USE_IAM_AUTH: "true",
  OPENSEARCH_USE_IAM_AUTH: "true",
  REDIS_HOST: "cache",
  REDIS_USE_IAM_AUTH: "true",
  REDIS_IAM_CACHE_NAME: "CACHE-NAME",
  OPENAI_API_KEY_SECRET_ARN: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:openai",
};

const domain = { OPENSEARCH_ENDPOINT: "https://vpc-DOMAIN-NAME-abc123.eu-west-1.es.amazonaws.com" };
const collection = {
  OPENSEARCH_ENDPOINT: "https://COLLECTION-ID.eu-west-1.aoss.amazonaws.com",
  OPENSEARCH_AWS_SERVICE: "aoss",
};

/** The job before a release makes topics and tables: the sink with the right to create, as the schema's owner. */
const prepare = { KAFKA_CREATE_TOPICS: "true", POSTGRES_USER: "millrace_owner" };

/** Statements for a domain and those for a collection: modules/iam-roles keeps the services that the estate has. */
function statementsOf(subject: Subject, own: Record<string, string>): unknown[] {
  const statements = [domain, collection].flatMap((search) => {
    const role = "arn:aws:iam::000000000000:role/any";
    return policyOf(subject, readSubject(subject, { ...estate, ...search, ...own }).settings, role).Statement;
  });
  return [...new Map(statements.map((statement) => [JSON.stringify(statement), statement])).values()];
}

function template(statements: unknown[]): string {
  let text = JSON.stringify({ Version: "2012-10-17", Statement: statements }, null, 2);
  for (const [name, variable] of placeholders) {
    const replacement = variable.startsWith("$") ? `arn:${variable}` : `\${${variable}}`;
    text = text.replaceAll(name, replacement);
  }
  return `${text}\n`;
}

const roles: [name: string, subject: Subject, own: Record<string, string>][] = [
  ...roleNames.map((role): [string, Subject, Record<string, string>] => [role, role, {}]),
  ["sink-prepare", "sink", prepare],
];

const checking = process.argv.includes("--check");
let differing = 0;
for (const [name, subject, own] of roles) {
  const file = new URL(`policies/${name}.json.tftpl`, folder);
  const wanted = template(statementsOf(subject, own));
  if (!checking) writeFileSync(file, wanted);
  else if (readFileSync(file, "utf8") !== wanted) {
    differing++;
    console.error(`modules/iam-roles/policies/${name}.json.tftpl is not what the doctor prints: run policies.ts.`);
  }
}
if (differing > 0) process.exit(1);
console.log(`${roles.length} policies are the doctor's`);
