import type { Action } from "../actions.ts";
import type { Message } from "../records/message.ts";

/** The W3C header: 00-<trace id>-<span id>-<flags>. */
export const TRACEPARENT = "traceparent";

export interface TracedMessage {
  /** Header of the published record, by which later stages continue the trace. */
  traceparent: string;
  /** @param id of the message; `undefined` if publishing failed */
  end(id: string | undefined): void;
}

export interface TracedBatch {
  end(): void;
}

/**
 * Traces of messages. A traced message has a `traceparent` header, and internal records carry the headers anyway: untraced
 * messages cost nothing between the stages, and the record formats need no extra field.
 */
export interface Tracing extends AsyncDisposable {
  /**
   * Starts the span of publishing a message, in the trace of `parent` if given.
   * `undefined` for a message that is not sampled.
   */
  publish(parent: string | undefined): TracedMessage | undefined;
  /** Starts the spans of a stage's work on a batch. `undefined` if none of its messages is traced. */
  begin(operation: Action, messages: readonly Message[]): TracedBatch | undefined;
}

export const noTracing: Tracing = {
  publish: () => undefined,
  begin: () => undefined,
  async [Symbol.asyncDispose]() {},
};
