import { connect } from "node:net";
import kafkajs, { type Kafka } from "kafkajs";

/**
 * A client of a single broker whose connections all pass through the proxy, including those to the broker's advertised
 * address.
 */
export function kafkaThrough(proxyPort: number): Kafka {
  return new kafkajs.Kafka({
    clientId: "through-proxy",
    brokers: [`127.0.0.1:${proxyPort}`],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 10_000,
    enforceRequestTimeout: true,
    retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 200 },
    socketFactory: ({ onConnect }) => connect({ host: "127.0.0.1", port: proxyPort }, onConnect),
  });
}
