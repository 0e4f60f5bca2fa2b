/** The api refuses longer messages; see PUBLISH_MESSAGE_MAX_BYTES. */
export const API_MESSAGE_MAX_BYTES = 1_000_000;

/** A message to publish: any bytes, since broken messages are published too and end up as dead letters. */
export interface SourceMessage {
  key?: string;
  value: Buffer | null;
}

/** Messages that can be read several times: once to check and count them, and once to publish them. */
export interface MessageSource {
  /** Shown to the user: where the messages come from. */
  title: string;
  /** Questions that the messages should be able to answer. */
  queries: readonly string[];
  read(): AsyncIterable<SourceMessage>;
}
