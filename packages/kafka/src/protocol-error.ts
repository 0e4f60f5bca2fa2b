/** Kafka's name of the error, such as `TOPIC_AUTHORIZATION_FAILED`; `undefined` if no broker answered. */
export function protocolError(error: unknown): string | undefined {
  return brokerError(error)?.type;
}

/** The leader is moving, or the topic is new and not every broker knows it yet: the same request may succeed soon. */
export function isTransient(error: unknown): boolean {
  return brokerError(error)?.retriable === true;
}

interface BrokerError {
  type: string;
  /** By kafkajs's table of Kafka's error codes. */
  retriable?: boolean;
}

/** kafkajs wraps an error that it retried in vain, and collects the errors of several topics: here the first one counts. */
function brokerError(error: unknown): BrokerError | undefined {
  const { cause, errors } = (error ?? {}) as { cause?: unknown; errors?: unknown[] };
  return [error, cause, errors?.[0]].find((each): each is BrokerError => (each as BrokerError)?.type !== undefined);
}
