import { readFile } from "node:fs/promises";
import { createServer } from "node:tls";
import { CLOSED_PORT, openCertificates, uniqueName } from "@millrace/testbed";
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

const { server } = await openCertificates();
const [cert, key] = await Promise.all([server.certificatePath, server.keyPath].map((path) => readFile(path, "utf8")));
const secure = await listen(
  createServer({ cert, key }, (socket) => socket.destroy()),
  () => undefined,
);
/** Responses to a search text, chosen by the path of the URL; embed's own tests cover the real route. */
const answering = await listenAnswering((name) => answers[name]);
const vector = Buffer.alloc(12, 1).toString("base64");
const answers: Record<string, [number, string]> = {
  well: [200, JSON.stringify({ model: "test-model", dimensions: 3, vector })],
  "without-vector": [200, JSON.stringify({ model: "test-model", dimensions: 3 })],
  mesh: [403, "RBAC: access denied"],
  "provider-unavailable": [503, JSON.stringify({ error: "the provider answered 500" })],
  unready: [502, "<html>Bad gateway</html>"],
};
const silent = await listenSilently();
afterAll(() => Promise.all([secure, answering, silent].map((each) => each[Symbol.asyncDispose]())));

const at = (url: string) => ({
  subject: "all" as const,
  environment: {
    EMBED_URL: url,
    EMBEDDING_PROVIDER: "local",
    SCHEMA_REGISTRY_URL: "",
    OPENSEARCH_INDEX: uniqueName("index"),
  },
});
const answeringAt = (path: string) => at(`http://127.0.0.1:${answering.port}/${path}`);

const setUrl =
  "Set EMBED_URL to the embed process, without a path; its PORT is 8082 by default, and it does not speak TLS.";
const askProvider =
  "If the response comes from its provider, millrace doctor --process embed says more. If it comes from a proxy, no embed process is ready behind it.";

const setUps: Record<string, SetUp> = {
  "a host that does not exist": {
    ...at("http://embed.invalid:8082"),
    verdict: ["embed", "dns", "dns_not_found"],
    remedy:
      "Check EMBED_URL. Private names (MSK, RDS, ElastiCache, VPC endpoints) resolve only in their own VPC, or in a peered VPC that is associated with the private hosted zone.",
  },
  "a port without a listener": {
    ...at(`http://127.0.0.1:${CLOSED_PORT}`),
    verdict: ["embed", "tcp", "tcp_refused"],
    remedy: "Check the port in EMBED_URL and that the service is running (embed listens on its PORT, 8082 by default).",
  },
  "https to an embed process without TLS": {
    ...at(`https://127.0.0.1:${answering.port}/well`),
    verdict: ["embed", "tls", "tls_not_spoken"],
    remedy: "Set EMBED_URL to the service's TLS port, or disable TLS with EMBED_URL (http or https). IAM requires TLS.",
  },
  "a certificate of another authority": {
    ...at(`https://127.0.0.1:${secure.port}`),
    verdict: ["embed", "tls", "tls_untrusted"],
    remedy:
      "Set NODE_EXTRA_CA_CERTS to the PEM file of the signing authority; for RDS, use the bundle from truststore.pki.rds.amazonaws.com.",
  },
  "a service mesh that denies the caller": {
    ...answeringAt("mesh"),
    verdict: ["embed", "probe", "embed_refused"],
    remedy: "Set EMBED_URL to the embed process itself, or let the api through the proxy or service mesh between them.",
  },
  "another server": {
    ...at(process.env.OPENSEARCH_ENDPOINT ?? ""),
    verdict: ["embed", "probe", "embed_unknown"],
    remedy: setUrl,
  },
  "an answer without a vector": {
    ...answeringAt("without-vector"),
    verdict: ["embed", "probe", "embed_unknown"],
    remedy: setUrl,
  },
  "a server that does not speak HTTP": {
    ...at(`http://${config.REDIS_HOST}:${config.REDIS_PORT}`),
    verdict: ["embed", "probe", "embed_unknown"],
    remedy: setUrl,
  },
  "an embed process whose provider is unavailable": {
    ...answeringAt("provider-unavailable"),
    verdict: ["embed", "probe", "embed_unavailable"],
    remedy: askProvider,
  },
  "a proxy without an embed process": {
    ...answeringAt("unready"),
    verdict: ["embed", "probe", "embed_unavailable"],
    remedy: askProvider,
  },
  "an embed process that does not answer": {
    ...at(`http://127.0.0.1:${silent.port}`),
    verdict: ["embed", "probe", "no_answer"],
    remedy:
      "It is overloaded or stopped, or something else listens at EMBED_URL: check its metrics and log. --timeout allows more time.",
  },
};
test.each(Object.entries(setUps))("%s", (_, setUp) => expectVerdict(setUp));

test("an embed process that returns a vector passes, with its model", async () => {
  const report = await examineSetUp(answeringAt("well"));
  expect(failedOf(report)).toEqual([]);
  expect(stepsOf(report, "embed")).toEqual(["dns", "tcp", "probe"]);
  expect(reportOf(report, "embed")?.steps.at(-1)?.said).toBe("test-model, 3 dimensions");
});

test("for all processes together, embed is only requested if EMBED_URL is set", async () => {
  const { dependencies } = await examineSetUp(at(""));
  expect(dependencies.map(({ dependency }) => dependency)).toEqual(["kafka", "postgres", "opensearch", "redis"]);
});
