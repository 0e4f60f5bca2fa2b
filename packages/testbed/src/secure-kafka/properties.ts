import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Certificates, HOST } from "@millrace/stack";
import type { SecureKafkaOptions } from "./options.ts";

export const listenerNames = ["plaintext", "controller", "iam", "scram", "mtls", "tls"] as const;
export type ListenerPorts = Record<(typeof listenerNames)[number], number>;

export async function serverProperties(
  home: string,
  ports: ListenerPorts,
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
# A client without a name is the test itself, except on the TLS listeners.
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
