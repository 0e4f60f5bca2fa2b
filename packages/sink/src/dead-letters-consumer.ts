import type { Received } from "@millrace/kafka";
import { type DeadLetter, type Patience, parseDeadLetter, RecordError, type Split, settle } from "@millrace/shared";

/** How long dead letters are collected for one insert. */
const LINGER_MS = 20;

interface Letter {
  received: Received;
  letter: DeadLetter;
}

/** Writes the ERROR row of every dead letter, whichever stage gave the message up. */
export class DeadLettersConsumer {
  recorded = 0;
  #record: (letters: readonly DeadLetter[]) => Promise<Split<DeadLetter>>;
  #patience: Patience;
  #waiting: Letter[] = [];
  #linger: NodeJS.Timeout | undefined;

  constructor(record: (letters: readonly DeadLetter[]) => Promise<Split<DeadLetter>>, patience: Patience) {
    this.#record = record;
    this.#patience = patience;
  }

  accept(received: Received): void {
    const letter = parse(received);
    if (letter === undefined) {
      // Somebody else's record: there is no message that it could be the row of.
      this.#patience.log.record("sink.dead_letters", "failed", undefined, {
        cause: "a record without the headers of a dead letter was passed over",
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

function parse(received: Received): DeadLetter | undefined {
  try {
    return parseDeadLetter(received.key, received.value, received.headers);
  } catch (error) {
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}
