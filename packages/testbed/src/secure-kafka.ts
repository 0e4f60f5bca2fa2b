import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  answersMetadata,
  type Certificates,
  type Component,
  cacheDirectory,
  fetchByMaven,
  findFreePorts,
  findJava,
  formatStorage,
  HOST,
  install,
  kafka,
  type MavenRecipe,
  makeCertificates,
  type Progress,
  plainProgress,
  recipeHash,
  runTool,
  StackError,
} from "@millrace/stack";

/** What the broker knows of an access key; the ARN becomes the principal to which ACLs are bound. */
export interface KnownCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  arn: string;
  /** Temporary credentials have one, and are refused without it. */
  sessionToken?: string;
  expiresAt?: Date;
}

export interface SecureKafkaOptions {
  region: string;
  credentials: readonly KnownCredentials[];
  /** SCRAM-SHA-512 users by name. */
  users: Record<string, string>;
  /** How long a session may last without a new authentication; MSK's is the token's 15 minutes. */
  reauthenticationMaxMs?: number;
}

/** A broker that checks who comes, with a listener for each way of saying so. Access is denied where no ACL allows it. */
export interface SecureKafka extends AsyncDisposable {
  /** `plaintext` is for the test itself: whoever comes there may do everything. */
  addresses: Record<"plaintext" | "iam" | "scram" | "mtls" | "tls", string>;
  certificates: Certificates;
  /** Replaces what the broker knows; it holds for the next authentication. */
  setCredentials(credentials: readonly KnownCredentials[]): Promise<void>;
  /** The broker's log so far; its `MSK IAM: refused: …` lines say why, its `MSK IAM: accepted: …` lines whom. */
  readLog(): Promise<string>;
}

const STARTS_WITHIN_MS = 60_000;
const handlerSource = join(import.meta.dirname, "..", "java", "MskIamCallbackHandler.java");
const listenerNames = ["plaintext", "controller", "iam", "scram", "mtls", "tls"] as const;

/**
 * Starts a Kafka broker with SASL and TLS on free ports, for tests of authentication: the same Kafka as the stack's,
 * with a handler that recomputes the signature of MSK's IAM tokens. It is no part of the stack: it lives as long as
 * the test that started it.
 */
export async function startSecureKafka(options: SecureKafkaOptions): Promise<SecureKafka> {
  const java = await findJava();
  const progress = plainProgress((line) => process.stderr.write(`${line}\n`));
  const programs = await install(kafka.component, progress);
  const handler = await install(handlerComponent(programs), progress);
  const home = await mkdtemp(join(tmpdir(), "millrace-secure-kafka-"));
  const certificates = await makeCertificates(home);
  const [plaintext, controller, iam, scram, mtls, tls] = await findFreePorts(listenerNames.length);
  const ports = { plaintext, controller, iam, scram, mtls, tls } as Record<(typeof listenerNames)[number], number>;

  const setCredentials = async (credentials: readonly KnownCredentials[]) => {
    const file = join(home, "credentials.txt");
    await writeFile(`${file}.new`, credentials.map(credentialsLine).join(""));
    // The broker may read it at any time, and must not find half of it.
    await rename(`${file}.new`, file);
  };
  await setCredentials(options.credentials);
  const properties = join(home, "server.properties");
  await writeFile(properties, await serverProperties(home, ports, certificates, options));
  const classPath = [join(programs, "lib", "*"), join(handler, "classes")].join(delimiter);
  const jvm = ["-Xms96m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath];
  jvm.push("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
  const users = Object.entries(options.users).map(
    ([name, password]) => `SCRAM-SHA-512=[name=${name},password=${password}]`,
  );
  await formatStorage(
    java,
    jvm,
    properties,
    users.flatMap((user) => ["--add-scram", user]),
  );

  const logFile = join(home, "broker.log");
  const log = openSync(logFile, "w");
  const child = spawn(java, [...jvm, "kafka.Kafka", properties], { stdio: ["ignore", log, log], cwd: home });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const readLog = () => readFile(logFile, "utf8");
  const dispose = async () => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      // Its data goes with it: there is nothing to be saved.
      kill();
      await exit;
    }
    await rm(home, { recursive: true, force: true });
  };
  const deadlineMs = Date.now() + STARTS_WITHIN_MS;
  while (!(await answersMetadata(ports.plaintext))) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      const said = (await readLog()).split("\n").slice(-12).join("\n");
      await dispose();
      throw new StackError(`The secure broker does not start:\n${said}`);
    }
    await sleep(100);
  }
  const address = (name: keyof typeof ports): string => `${HOST}:${ports[name]}`;
  return {
    addresses: {
      plaintext: address("plaintext"),
      iam: address("iam"),
      scram: address("scram"),
      mtls: address("mtls"),
      tls: address("tls"),
    },
    certificates,
    setCredentials,
    readLog,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Compiled by a compiler from Maven, since a Java runtime is enough for all else. */
function handlerComponent(kafkaPrograms: string): Component {
  const title = "Kafka's handler for MSK IAM tokens";
  const recipe: MavenRecipe = {
    libraries: [],
    extras: [
      {
        ...{ group: "org.eclipse.jdt", artifact: "ecj", version: "3.38.0" },
        ...{ goal: "copy", type: "jar", into: "compiler" },
      },
    ],
  };
  const fill = async (directory: string, progress: Progress): Promise<void> => {
    await fetchByMaven(recipe, directory, { title, totalBytes: 4e6, progress });
    const [compiler = ""] = await readdir(join(directory, "compiler"));
    const library = join(kafkaPrograms, "lib");
    const jars = (await readdir(library)).sort().map((jar) => join(library, jar));
    const options = ["-17", "-nowarn", "-cp", jars.join(delimiter), "-d", join(directory, "classes")];
    const command = ["-jar", join(directory, "compiler", compiler), ...options, handlerSource];
    await runTool(`Compiling ${title}`, await findJava(), command);
  };
  const key = `msk-iam-handler-${recipeHash(recipe, readFileSync(handlerSource, "utf8"))}`;
  return { title, key, root: cacheDirectory(), fill };
}

function credentialsLine(known: KnownCredentials): string {
  // Long-lived keys end in the year 2100.
  const expiresAtS = Math.floor((known.expiresAt?.getTime() ?? 4_102_444_800_000) / 1_000);
  return `${[known.accessKeyId, known.secretAccessKey, known.arn, expiresAtS, known.sessionToken ?? ""].join(" ")}\n`;
}

async function serverProperties(
  home: string,
  ports: Record<(typeof listenerNames)[number], number>,
  certificates: Certificates,
  options: SecureKafkaOptions,
): Promise<string> {
  // Kafka reads the private key and the certificate from one PEM file.
  const keyStore = join(home, "server.pem");
  const { certificatePath, keyPath } = certificates.server;
  await writeFile(keyStore, (await readFile(keyPath, "utf8")) + (await readFile(certificatePath, "utf8")));
  const listeners = listenerNames.map((name) => `${name.toUpperCase()}://${HOST}:${ports[name]}`);
  const bearerModule = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;";
  const scramModule = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@${HOST}:${ports.controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=${listeners.join(",")}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,IAM:SASL_SSL,SCRAM:SASL_SSL,MTLS:SSL,TLS:SSL
log.dirs=${join(home, "data")}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# Whoever comes without a name comes from the test itself, except on the TLS listeners.
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
allow.everyone.if.no.acl.found=false
ssl.keystore.type=PEM
ssl.keystore.location=${keyStore}
ssl.truststore.type=PEM
ssl.truststore.location=${certificates.caPath}
listener.name.mtls.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT
connections.max.reauth.ms=${options.reauthenticationMaxMs ?? 900_000}
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.scram.scram-sha-512.sasl.jaas.config=${scramModule}
listener.name.iam.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.iam.oauthbearer.sasl.jaas.config=${bearerModule}
listener.name.iam.oauthbearer.sasl.server.callback.handler.class=MskIamCallbackHandler
msk.iam.credentials.file=${join(home, "credentials.txt")}
msk.iam.region=${options.region}
`;
}
