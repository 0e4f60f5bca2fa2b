import type { Message } from "@millrace/shared";

/** Messages 0 … n - 1 of a topic, with these texts. */
export function messagesOf(texts: readonly string[], given: Partial<Message> = {}): Message[] {
  return texts.map((string, offset) => {
    const text = Buffer.from(string);
    return {
      topic: "messages",
      partition: 0,
      offset,
      timestampMs: 1_700_000_000_000 + offset,
      key: Buffer.from(`key ${offset}`),
      headers: [["trace", Buffer.from([offset % 256])]],
      value: text,
      text,
      ...given,
    };
  });
}
