import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { CLOSED_PORT, openCertificates } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import {
  examineSetUp,
  expectVerdict,
  failedOf,
  listen,
  listenAnswering,
  listenSilently,
  reportOf,
  type SetUp,
  stepsOf,
} from "./doctor-support.ts";
import { config } from "./support.ts";

const { SCHEMA_REGISTRY_URL: registryUrl = "" } = process.env;

const { server, caPath } = await openCertificates();
const [cert, key] = await Promise.all([server.certificatePath, server.keyPath].map((path) => readFile(path, "utf8")));
const methods = new Set<string | undefined>();
/** The real registry behind TLS. */
const secureRegistry = createServer({ cert, key }, async ({ method, url, headers }, response) => {
  methods.add(method);
  const { authorization = "" } = headers;
  const answer = await fetch(new URL(url ?? "", registryUrl), { headers: { authorization } });
  response.writeHead(answer.status).end(await answer.text());
});
const secure = await listen(secureRegistry, () => secureRegistry.closeAllConnections());
/** A registry; the path of its URL chooses the response. */
const answering = await listenAnswering((name, path) => answers[name]?.(path));
const answers: Record<string, (path: string) => [number, string]> = {
  denying: () => [403, '{"error_code":40301,"message":"User is denied operation Read"}'],
  "denying-subjects": (path) => (path === "schemas" ? [200, '["AVRO"]'] : [403, '{"error_code":40301}']),
  overloaded: () => [429, "Too many requests"],
  unavailable: () => [503, "no healthy upstream"],
  echo: () => [401, `not for millrace:s3cret, ${btoa("millrace:s3cret")}`],
  page: () => [200, "<html>Sign in</html>"],
};
const silent = await listenSilently();
afterAll(() => Promise.all([secure, answering, silent].map((each) => each[Symbol.asyncDispose]())));

const at = (url: string) => ({ subject: "ingest" as const, environment: { SCHEMA_REGISTRY_URL: url } });
const answeringAt = (path: string) => at(`http://127.0.0.1:${answering.port}/${path}`);
const secureUrl = `https://127.0.0.1:${secure.port}${new URL(registryUrl).pathname}`;

const checkPassword = "Check SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD.";
const allowReading =
  "Let millrace read all subjects, and for the api also register them (Apicurio: the roles sr-readonly and sr-developer).";
const setUrl =
  "Set SCHEMA_REGISTRY_URL to the root of the Confluent-compatible API, with https if it speaks TLS: for Confluent's own registry without a path, for Apicurio with /apis/ccompat/v7.";
const lookAtRegistry =
  "Check its log and its storage. A 502, 503 or 504 may come from a load balancer that reaches no registry.";

const setUps: Record<string, SetUp> = {
  "a host that does not exist": {
    ...at("http://registry.invalid:8081"),
    verdict: ["schema-registry", "dns", "dns_not_found"],
    remedy:
      "Check SCHEMA_REGISTRY_URL. Private names (MSK, RDS, ElastiCache, VPC endpoints) resolve only in their own VPC, or in a peered VPC that is associated with the private hosted zone.",
  },
  "a port without a listener": {
    ...at(`http://127.0.0.1:${CLOSED_PORT}`),
    verdict: ["schema-registry", "tcp", "tcp_refused"],
    remedy:
      "Check the port in SCHEMA_REGISTRY_URL and that the service is running (Confluent's registry listens on 8081, Apicurio's on 8080).",
  },
  "https to a registry without TLS": {
    ...at(registryUrl.replace("http:", "https:")),
    verdict: ["schema-registry", "tls", "tls_not_spoken"],
    remedy:
      "Set SCHEMA_REGISTRY_URL to the service's TLS port, or disable TLS with SCHEMA_REGISTRY_URL (http or https). IAM requires TLS.",
  },
  "a certificate of another authority": {
    ...at(secureUrl),
    verdict: ["schema-registry", "tls", "tls_untrusted"],
    remedy:
      "Set SCHEMA_REGISTRY_TLS_CA_PATH to the PEM file of the signing authority; for RDS, use the bundle from truststore.pki.rds.amazonaws.com.",
  },
  "a wrong password": {
    subject: "ingest",
    environment: { SCHEMA_REGISTRY_PASSWORD: "s3cret-wrong" },
    verdict: ["schema-registry", "authentication", "registry_password_refused"],
    remedy: checkPassword,
  },
  "no user where one is required": {
    subject: "ingest",
    environment: { SCHEMA_REGISTRY_USERNAME: "" },
    verdict: ["schema-registry", "authentication", "registry_password_refused"],
    remedy: checkPassword,
  },
  "a wrong password in the URL": {
    subject: "ingest",
    environment: {
      SCHEMA_REGISTRY_URL: registryUrl.replace("//", "//millrace:s3cret-wrong@"),
      SCHEMA_REGISTRY_USERNAME: "",
    },
    verdict: ["schema-registry", "authentication", "registry_password_refused"],
    remedy: checkPassword,
  },
  "a user without rights": {
    ...answeringAt("denying"),
    verdict: ["schema-registry", "authentication", "registry_denied"],
    remedy: allowReading,
  },
  "a user that may not read subjects": {
    ...answeringAt("denying-subjects"),
    verdict: ["schema-registry", "probe", "registry_denied"],
    remedy: allowReading,
  },
  "another path of the registry's server": {
    ...at(new URL("/apis/registry/v3", registryUrl).href),
    verdict: ["schema-registry", "authentication", "registry_unknown"],
    remedy: setUrl,
  },
  "a page that asks for a login": {
    ...answeringAt("page"),
    verdict: ["schema-registry", "authentication", "registry_unknown"],
    remedy: setUrl,
  },
  "http to a registry that speaks TLS": {
    ...at(secureUrl.replace("https:", "http:")),
    verdict: ["schema-registry", "authentication", "registry_unknown"],
    remedy: setUrl,
  },
  "a server that does not speak HTTP": {
    ...at(`http://${config.REDIS_HOST}:${config.REDIS_PORT}`),
    verdict: ["schema-registry", "authentication", "registry_unknown"],
    remedy: setUrl,
  },
  "an overloaded registry": {
    ...answeringAt("overloaded"),
    verdict: ["schema-registry", "authentication", "registry_unavailable"],
    remedy: lookAtRegistry,
  },
  "a load balancer without a registry": {
    ...answeringAt("unavailable"),
    verdict: ["schema-registry", "authentication", "registry_unavailable"],
    remedy: lookAtRegistry,
  },
  "a registry that does not answer": {
    ...at(`http://127.0.0.1:${silent.port}`),
    verdict: ["schema-registry", "authentication", "no_answer"],
    remedy:
      "It is overloaded or stopped, or something else listens at SCHEMA_REGISTRY_URL: check its metrics and log. --timeout allows more time.",
  },
};
test.each(Object.entries(setUps))("%s", (_, setUp) => expectVerdict(setUp));

test("a login that a refusal echoes is redacted", async () => {
  const environment = { ...answeringAt("echo").environment, SCHEMA_REGISTRY_PASSWORD: "s3cret" };
  const report = await examineSetUp({ subject: "ingest", environment });
  expect(reportOf(report, "schema-registry")?.failure?.said).toBe("HTTP 401: not for millrace:[secret], [secret]");
});

test.each([
  ["a user who may register", {}],
  ["a user with read access", { SCHEMA_REGISTRY_USERNAME: "reader", SCHEMA_REGISTRY_PASSWORD: "reader" }],
])("a readable registry passes, for %s", async (_, environment) => {
  const report = await examineSetUp({ subject: "ingest", environment });
  expect(failedOf(report)).toEqual([]);
  expect(stepsOf(report, "schema-registry")).toEqual(["dns", "tcp", "authentication", "probe"]);
});

test("a registry with TLS passes with the CA file, and is only read, even for the api", async () => {
  methods.clear();
  const environment = { SCHEMA_REGISTRY_URL: secureUrl, SCHEMA_REGISTRY_TLS_CA_PATH: caPath };
  const report = await examineSetUp({ subject: "api", environment });
  expect(failedOf(report)).not.toContain("schema-registry");
  expect(stepsOf(report, "schema-registry")).toEqual(["dns", "tcp", "tls", "authentication", "probe"]);
  expect([...methods]).toEqual(["GET"]);
});

test.each([
  ["without SCHEMA_REGISTRY_URL", { subject: "ingest", environment: { SCHEMA_REGISTRY_URL: "" } }],
  ["by a process that reads no schemas", { subject: "embed", environment: { EMBEDDING_PROVIDER: "local" } }],
] as const)("no registry is examined %s", async (_, setUp) => {
  const { dependencies } = await examineSetUp(setUp);
  expect(dependencies.map(({ dependency }) => dependency)).toEqual(["kafka", "redis"]);
});
