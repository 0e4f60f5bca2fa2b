import type { Received } from "@millrace/kafka";
import { type DeadLetter, type Patience, parseDeadLetter, type Split, settle, tryParse } from "@millrace/shared";

/** How long dead letters are collected for one insert. */
const LINGER_MS = 20;

interface Letter {
  received: Received;
  letter: DeadLetter;
}

type RecordLetters = (letters: readonly DeadLetter[], signal: AbortSignal) => Promise<Split<DeadLetter>>;

/** Writes the ERROR row of every dead letter, whichever stage wrote it. */
export class DeadLettersConsumer {
  recorded = 0;
  #record: RecordLetters;
  #patience: Patience;
  #waiting: Letter[] = [];
  #linger: NodeJS.Timeout | undefined;

  constructor(record: RecordLetters, patience: Patience) {
    this.#record = record;
    this.#patience = patience;
  }

  accept(received: Received): void {
    const letter = tryParse(() => parseDeadLetter(received.key, received.value, received.headers));
    if (letter === undefined) {
      // Without the headers it identifies no message, so it gets no row.
      this.#patience.log.record("sink.dead_letters", "failed", undefined, {
        cause: "skipped a record without dead-letter headers: it identifies no message",
        partition: received.partition,
        offset: received.offset,
      });
      received.done();
      return;
    }
    this.#waiting.push({ received, letter });
    this.#linger ??= setTimeout(() => void this.#write(), LINGER_MS);
  }

  async #write(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#linger = undefined;
    const letters = batch.map(({ letter }) => letter);
    const operation = { dependency: "postgres", action: "sink.dead_letters" } as const;
    const { done } = await settle(letters, operation, this.#record, this.#patience);
    this.recorded += done.length;
    for (const { received } of batch) received.done();
  }
}
