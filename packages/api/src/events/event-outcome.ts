import type { RequestError } from "@millrace/shared";

export interface PublishedEvent {
  event_id: string;
  /** The message id for GET /status/{id}, where the topic is a source of the pipeline. */
  id: string;
  partition: number;
  offset: number;
  timestamp: string;
}

export interface EventError {
  code: string;
  message: string;
  /** Whether sending the event again may help. */
  retryable: boolean;
  /** The faulty parts of the event. */
  errors?: RequestError[];
}

/** The result for one event of a request. */
export type EventOutcome = { published: PublishedEvent } | { error: EventError };
