import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer } from "node:tls";
import { CLOSED_PORT, openCertificates, uniqueName } from "@millrace/testbed";
import { afterAll, expect, test } from "vitest";
import { examineSetUp, expectVerdict, failedOf, listen, listenSilently, type SetUp } from "./doctor-support.ts";

const certificates = await openCertificates();
const [cert, keyPem, caCert, caKey] = await Promise.all(
  [
    certificates.server.certificatePath,
    certificates.server.keyPath,
    certificates.caPath,
    join(certificates.directory, "ca.key"),
  ].map((path) => readFile(path, "utf8")),
);
const silent = await listenSilently();
const secure = await listen(
  createServer({ cert, key: keyPem }, (socket) => socket.destroy()),
  () => undefined,
);
/** The authority's own certificate contains no host name. */
const nameless = await listen(
  createServer({ cert: caCert, key: caKey }, (socket) => socket.destroy()),
  () => undefined,
);
afterAll(() => Promise.all([silent, secure, nameless].map((each) => each[Symbol.asyncDispose]())));

const base = { subject: "ingest" } as const;
const redisTls = { REDIS_TLS: "true", REDIS_TLS_CA_PATH: certificates.caPath };

const setUps: Record<string, SetUp> = {
  "a host that does not exist": {
    ...base,
    environment: { REDIS_HOST: "redis.invalid" },
    verdict: ["redis", "dns", "dns_not_found"],
    remedy:
      "Check REDIS_HOST. Private names (MSK, RDS, ElastiCache, VPC endpoints) resolve only in their own VPC, or in a peered VPC that is associated with the private hosted zone.",
  },
  "a port without a listener": {
    ...base,
    environment: { REDIS_PORT: String(CLOSED_PORT) },
    verdict: ["redis", "tcp", "tcp_refused"],
    remedy: "Check the port in REDIS_HOST and that the service is running (Redis and ElastiCache listen on 6379).",
  },
  "no broker listens": {
    ...base,
    environment: { KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${CLOSED_PORT},127.0.0.1:2` },
    verdict: ["kafka", "tcp", "tcp_refused"],
    remedy:
      "Check the port in KAFKA_BOOTSTRAP_SERVERS and that the service is running (MSK listens for IAM on 9098, SCRAM on 9096, TLS on 9094, plaintext on 9092).",
  },
  "a server that accepts the connection but no TLS": {
    ...base,
    environment: { REDIS_PORT: String(silent.port), ...redisTls },
    verdict: ["redis", "tls", "tls_timeout"],
    remedy:
      "Something else listens at REDIS_HOST, or a proxy in between is waiting: check the port and whether it speaks TLS.",
  },
  "a server that accepts the connection and never answers": {
    ...base,
    environment: { KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${silent.port}` },
    verdict: ["kafka", "authentication", "no_answer"],
    remedy:
      "It is overloaded or stopped, or something else listens at KAFKA_BOOTSTRAP_SERVERS: check its metrics and log. --timeout allows more time.",
  },
  "a certificate of another authority": {
    ...base,
    environment: { REDIS_PORT: String(secure.port), REDIS_TLS: "true" },
    verdict: ["redis", "tls", "tls_untrusted"],
    remedy:
      "Set REDIS_TLS_CA_PATH to the PEM file of the signing authority; for RDS, use the bundle from truststore.pki.rds.amazonaws.com.",
  },
  "a certificate for another name": {
    ...base,
    environment: { REDIS_PORT: String(nameless.port), ...redisTls },
    verdict: ["redis", "tls", "tls_host_mismatch"],
    remedy:
      "Set REDIS_HOST to a name in the certificate: the service's own endpoint, not an alias, an IP address or a tunnel.",
  },
  "TLS to a plaintext Redis": {
    ...base,
    environment: redisTls,
    // Redis waits for the rest of what it takes for a command.
    verdict: ["redis", "tls", "tls_timeout"],
    remedy:
      "Something else listens at REDIS_HOST, or a proxy in between is waiting: check the port and whether it speaks TLS.",
  },
  "TLS to a PostgreSQL without it": {
    subject: "sink",
    environment: {
      POSTGRES_TLS: "true",
      POSTGRES_TLS_CA_PATH: certificates.caPath,
      OPENSEARCH_INDEX: uniqueName("index"),
      KAFKA_CREATE_TOPICS: "true",
    },
    verdict: ["postgres", "tls", "tls_not_spoken"],
    remedy: "Set POSTGRES_HOST to the service's TLS port, or disable TLS with POSTGRES_TLS. IAM requires TLS.",
  },
};

test.each(Object.entries(setUps))("%s", (_, setUp) => expectVerdict(setUp));

test("a port whose packets are dropped", async () => {
  // A stopped process with a full backlog: the kernel drops new connections.
  const listener = `const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["-e", listener], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(String(line));
  child.kill("SIGSTOP");
  const sockets: Socket[] = [];
  try {
    for (let open = true; open; ) {
      const socket = connect({ port, host: "127.0.0.1" });
      sockets.push(socket);
      open = await Promise.race([once(socket, "connect").then(() => true), sleep(2_000).then(() => false)]);
    }
    await expectVerdict({
      ...base,
      environment: { REDIS_PORT: String(port) },
      verdict: ["redis", "tcp", "tcp_timeout"],
      remedy: `Allow inbound TCP ${port} in the service's security group from this pod's security group or subnet; then check network ACLs, routes and NetworkPolicies.`,
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    child.kill("SIGKILL");
  }
});

test("one reachable broker is enough, and the unreachable ones are named", async () => {
  const { KAFKA_BOOTSTRAP_SERVERS: server } = process.env;
  const environment = { KAFKA_BOOTSTRAP_SERVERS: `${server},127.0.0.1:${CLOSED_PORT}` };
  const report = await examineSetUp({ ...base, environment });
  expect(failedOf(report)).toEqual([]);
  const tcp = report.dependencies[0]?.steps.find(({ step }) => step === "tcp");
  expect(tcp?.said).toContain(`127.0.0.1:${CLOSED_PORT} connect ECONNREFUSED`);
});
