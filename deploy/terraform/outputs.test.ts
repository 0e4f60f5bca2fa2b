// What a mocked plan of each environment gives, against those who take it: the chart, the processes' configuration, the
// doctor, Ansible. Run by ./check, which makes the plans: node outputs.test.ts FOLDER_OF_PLANS [ENVIRONMENT]
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { readSubject } from "../../packages/cli/src/index.ts";
import { policyOf, type Subject, trustPolicyOf } from "../../packages/doctor/src/index.ts";
import { environments, readPlan } from "./plans.ts";

const chart = new URL("../helm/millrace", import.meta.url).pathname;
const [, , plans = "", only] = process.argv;
const processes = ["ingest", "embed", "sink", "api"] as const;
type Process = (typeof processes)[number];
/** All, or the one that `check --plant` has planned. */
const planned = only === undefined ? environments : [only];

interface ProcessValues {
  environment?: Record<string, string>;
  serviceAccount: { roleArn: string };
}
type Values = Record<Process, ProcessValues> & {
  global: { environment: Record<string, string>; image: { registry: string } };
  sink: { prepare: ProcessValues };
};
interface Statement {
  Effect: string;
  Action: string[];
  Resource?: string | string[];
}

/** What a process is started with: the chart's variables, and what comes from a Secret. */
function variables(values: Values, own: ProcessValues): Record<string, string> {
  const fromSecrets = values.global.environment.KAFKA_SECURITY === "scram" ? { KAFKA_SCRAM_PASSWORD: "x" } : {};
  const login = { AUTH_JWKS_URL: "https://login.example.com/keys" };
  return { ...login, ...values.global.environment, ...own.environment, ...fromSecrets };
}

for (const environment of planned) {
  const { outputs, resources } = readPlan(plans, environment);
  const values = outputs.helm_values as Values;
  const roles: [name: string, subject: Subject, own: ProcessValues][] = [
    ...processes.map((name): [string, Subject, ProcessValues] => [name, name, values[name]]),
    ["sink-prepare", "sink", values.sink.prepare],
    ["cli", "cli", { serviceAccount: { roleArn: (outputs.role_arns as Record<string, string>).cli ?? "" } }],
  ];

  test(`${environment}: the chart takes the values, and every process its variables`, () => {
    const file = `${plans}/${environment}-values.json`;
    writeFileSync(file, JSON.stringify(values));
    const manifests = execFileSync(
      "helm",
      ["template", "millrace", chart, "--kube-version", "1.37.0", "--values", file],
      { encoding: "utf8" },
    );
    assert.match(manifests, new RegExp(`image: "?${values.global.image.registry}/millrace/ingest:`));
    for (const [name, subject, own] of roles) {
      assert.ok(readSubject(subject, variables(values, own)).settings, name);
      assert.match(own.serviceAccount.roleArn, new RegExp(`:role/millrace-${environment}-${name}$`));
      if (name !== "cli")
        assert.ok(manifests.includes(`eks.amazonaws.com/role-arn: ${own.serviceAccount.roleArn}`), name);
    }
  });

  test(`${environment}: each role's policy is what the doctor prints for its variables`, () => {
    const database = resources.find(({ address }) => address === "module.estate.module.rds.aws_db_instance.this");
    const id = String(database?.values.resource_id);
    const given = outputs.policies as Record<string, string>;
    for (const [name, subject, own] of roles) {
      const settings = readSubject(subject, variables(values, own)).settings;
      const printed = JSON.stringify(policyOf(subject, settings, own.serviceAccount.roleArn));
      // The order of keys and statements means nothing.
      const statements = (text: string) =>
        (JSON.parse(text).Statement as Statement[])
          .map(({ Effect, Action, Resource }) => JSON.stringify({ Effect, Action, Resource }))
          .sort();
      assert.deepEqual(statements(given[name] ?? "{}"), statements(printed.replaceAll("DB_RESOURCE_ID", id)), name);
    }
  });

  test(`${environment}: each role trusts the service account that the doctor names`, () => {
    const { oidc_issuer: issuer } = outputs.cluster as { oidc_issuer: string };
    const given = outputs.trust_policies as Record<string, string>;
    const providers = new Set<string>();
    for (const [name, subject, own] of roles) {
      const settings = readSubject(subject, variables(values, own)).settings;
      const pod = { issuer, subject: `system:serviceaccount:millrace:millrace-${name}` };
      const [printed] = trustPolicyOf("irsa", settings, { arn: own.serviceAccount.roleArn, pod }).Statement;
      const [trust] = JSON.parse(given[name] ?? "{}").Statement;
      // The provider's ARN is the mock's.
      providers.add(trust.Principal.Federated);
      assert.deepEqual({ ...trust, Principal: printed?.Principal }, printed, name);
    }
    assert.equal(providers.size, 1);
  });

  test(`${environment}: the Internet reaches the load balancer alone`, () => {
    const open = resources.filter(({ type, values: { cidr_ipv4, cidr_ipv6 } }) => {
      return type === "aws_vpc_security_group_ingress_rule" && (cidr_ipv4 === "0.0.0.0/0" || cidr_ipv6 === "::/0");
    });
    assert.deepEqual([...new Set(open.map(({ name }) => name))], ["internet"]);
    assert.equal(open.length, 4);
    assert.ok(!resources.some(({ type }) => type === "aws_security_group_rule"));
  });

  test(`${environment}: a policy without a resource is one of those that are explained`, () => {
    const anything = resources
      .filter(({ type }) => type === "aws_iam_role_policy")
      .flatMap(({ values: { policy } }) =>
        typeof policy === "string" ? (JSON.parse(policy).Statement as Statement[]) : [],
      )
      .filter(({ Effect, Resource }) => Effect === "Allow" && [Resource].flat().includes("*"))
      .flatMap(({ Action }) => Action.map((action) => action.split(":")[0]));
    const explained = environment === "dev" ? ["ec2", "ecr", "xray"] : ["ecr"];
    assert.deepEqual([...new Set(anything)].sort(), explained);
  });
}

test("counts of each environment", { skip: only !== undefined }, () => {
  const count = (environment: string, type: string) =>
    readPlan(plans, environment).resources.filter((resource) => resource.type === type).length;
  const rows = [
    "aws_nat_gateway",
    "aws_vpc_endpoint",
    "aws_subnet",
    "aws_db_instance",
    "aws_msk_cluster",
    "aws_lambda_function",
  ];
  assert.deepEqual(
    Object.fromEntries(environments.map((environment) => [environment, rows.map((type) => count(environment, type))])),
    { dev: [1, 1, 9, 1, 0, 5], staging: [1, 3, 9, 1, 1, 0], prod: [3, 6, 9, 1, 1, 0] },
  );
});

test("sizes of each environment", { skip: only !== undefined }, () => {
  const sizes = environments.map((environment) => {
    const { resources } = readPlan(plans, environment);
    const first = (type: string) => resources.find((resource) => resource.type === type)?.values ?? {};
    const groups = resources.filter(({ type }) => type === "aws_eks_node_group").map(({ values }) => values);
    return {
      environment,
      nodes: [...new Set(groups.map(({ instance_types }) => (instance_types as string[])[0]))],
      spot: groups.some(({ capacity_type }) => capacity_type === "SPOT"),
      multiAz: first("aws_db_instance").multi_az,
      cacheNodes: first("aws_elasticache_replication_group").num_cache_clusters,
    };
  });
  assert.deepEqual(sizes, [
    { environment: "dev", nodes: ["t3.small"], spot: true, multiAz: false, cacheNodes: 1 },
    { environment: "staging", nodes: ["t3.medium"], spot: true, multiAz: true, cacheNodes: 2 },
    { environment: "prod", nodes: ["t3.large"], spot: false, multiAz: true, cacheNodes: 3 },
  ]);
});

test("dev's inventory has the names that Ansible's roles read", () => {
  const inventory = readPlan(plans, "dev").outputs.ansible_inventory as {
    all: { vars: object; children: Record<string, { hosts: Record<string, object> }> };
  };
  const names = (group: string) =>
    Object.keys(Object.values(inventory.all.children[group]?.hosts ?? {})[0] ?? {}).sort();
  assert.deepEqual(names("controllers"), ["ansible_host", "kafka_directory_id", "kafka_node_id"]);
  assert.deepEqual(names("brokers"), ["ansible_host", "kafka_node_id"]);
  assert.deepEqual(Object.keys(inventory.all.vars).sort(), [
    "ansible_become",
    "ansible_user",
    "kafka_cluster_id",
    "kafka_domain",
    "kafka_heap_mib",
  ]);
  assert.deepEqual(Object.keys(inventory.all.children.brokers?.hosts ?? {}), ["broker-1", "broker-2", "broker-3"]);
  // Where the repository has an inventory of its own: every host variable of it comes from here, too.
  const own = new URL("../ansible/inventory.yml", import.meta.url);
  if (!existsSync(own)) return;
  const hostVariables = [...readFileSync(own, "utf8").matchAll(/\b(ansible_host|kafka_\w+_id):/g)].map(
    ([, name]) => name,
  );
  const given = JSON.stringify(inventory);
  for (const name of new Set(hostVariables)) assert.ok(given.includes(`"${name}"`), name);
});
