import type { Action } from "../log.ts";
import type { Message } from "../records/message.ts";

/** W3C's header: 00-<trace id>-<span id>-<flags>. */
export const TRACEPARENT = "traceparent";

export interface TracedMessage {
  /** Of the message's own record: by it the stages that follow find the trace. */
  traceparent: string;
  /** @param id of the message where it was published */
  end(id: string | undefined): void;
}

export interface TracedBatch {
  end(): void;
}

/**
 * The traces of messages. A message that is traced has `traceparent` among its headers, which the internal records carry
 * anyway: so a message that is not traced costs nothing between the stages, and the records have no field for it.
 */
export interface Tracing extends AsyncDisposable {
  /**
   * Publishing a message begins, in the trace of `parent` where one is given.
   * `undefined` for a message that the sampler leaves out.
   */
  publish(parent: string | undefined): TracedMessage | undefined;
  /** A stage begins with a batch. `undefined` where none of its messages is traced. */
  begin(operation: Action, messages: readonly Message[]): TracedBatch | undefined;
}

export const noTracing: Tracing = {
  publish: () => undefined,
  begin: () => undefined,
  async [Symbol.asyncDispose]() {},
};
