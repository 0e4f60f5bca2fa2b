import { connect } from "node:net";
import kafkajs, { type Kafka } from "kafkajs";

/** A client that loses answers: the broker handled the request, and the connection breaks instead of answering. */
export function lossyKafka(brokers: string[], loses: () => boolean): Kafka {
  return new kafkajs.Kafka({
    clientId: "lossy",
    brokers,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 3, initialRetryTime: 20, maxRetryTime: 100 },
    socketFactory({ host, port, onConnect }) {
      const socket = connect({ host, port }, onConnect);
      const emit = socket.emit.bind(socket);
      socket.emit = (event: string | symbol, ...values: unknown[]) => {
        if (event !== "data" || !loses()) return emit(event, ...values);
        socket.destroy(new Error("the answer was lost"));
        return true;
      };
      return socket;
    },
  });
}
