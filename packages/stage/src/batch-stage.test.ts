import type { Received } from "@millrace/kafka";
import { Log, type Message, noTracing, type PoisonFault, poison, RecordError, type Settled } from "@millrace/shared";
import { expect, test } from "vitest";
import { type BatchDefinition, createBatchStage, type MessageBatch } from "./batch-stage.ts";

const ATTEMPTS_MAX = 3;

function message(offset: number): Message {
  const text = Buffer.from(String(offset));
  return { topic: "source", partition: 0, offset, timestampMs: 0, key: null, value: text, headers: [], text };
}

/** A record is the JSON list of its messages' offsets. */
const definition: BatchDefinition<Message, MessageBatch<Message>> = {
  stage: "embed",
  action: "embed.batch",
  milestone: "embedded",
  decode(record) {
    const text = record.toString();
    if (!text.startsWith("[")) throw new RecordError("no list");
    return { messages: (JSON.parse(text) as number[]).map(message), bytes: record.length };
  },
  single: (item) => ({ messages: [item], bytes: 1 }),
  work: async ({ messages }) => ({ done: [...messages], poison: [] }),
};

/** Outlives the processes of a test, as Redis does. */
function countAttempts() {
  const counts = new Map<string, number>();
  return {
    counts,
    begin: async (_scope: string, { offset }: { offset: number }) => {
      counts.set(`${offset}`, (counts.get(`${offset}`) ?? 0) + 1);
      return counts.get(`${offset}`) ?? 0;
    },
    keep: () => undefined,
    end: (_scope: string, { offset }: { offset: number }) => void counts.delete(`${offset}`),
    endAll: async () => undefined,
  };
}

/** A stage whose edges note what happens to them, in its order. */
function open(overrides: Partial<typeof definition> = {}, attempts = countAttempts(), refuseLetters = false) {
  const events: string[] = [];
  const letters: { offset: number; fault: PoisonFault; attempts: number | undefined }[] = [];
  const note = (event: string, items: readonly { offset: number }[]): void => {
    if (items.length > 0) events.push(`${event} ${items.map(({ offset }) => offset)}`);
  };
  const span = { end: () => events.push("span ended") };
  const stage = createBatchStage({ ...definition, ...overrides }, ATTEMPTS_MAX, {
    attempts,
    deadLetters: {
      counts: { undecodable: 0, invalid: 0, too_long: 0, rejected: 0, lethal: 0 },
      async send(failures) {
        if (refuseLetters) throw new Error("hard stop");
        for (const { item, fault } of failures) letters.push({ offset: item.offset, fault, attempts: item.attempts });
        note(
          "dead-lettered",
          failures.map(({ item }) => item),
        );
      },
    },
    tracker: {
      reached: (milestone, items) => note(milestone, items),
      progress: async () => undefined,
      flush: async () => undefined,
    },
    tracing: { ...noTracing, begin: () => span },
    log: new Log("test", { level: "silent" }),
  });
  const deliver = (offset: number, value: string, facts: Partial<Received> = {}): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        events.push(`done ${offset}`);
        resolve();
      };
      const place = { topic: "batches", partition: 0, offset, timestampMs: 0, key: null, headers: [] };
      stage.accept({ ...place, value: Buffer.from(value), attempts: 1, revoked: false, ...facts, done });
    });
  return { stage, events, letters, deliver, attempts };
}

test("a batch is worked on, its accounts are settled in their order, and only then is the record done", async () => {
  const work = async ({ messages: [first, ...others] }: MessageBatch<Message>): Promise<Settled<Message>> => ({
    done: others,
    poison: first ? [{ item: first, fault: poison("rejected", "no") }] : [],
  });
  const { events, deliver, stage } = open({ work });
  await deliver(7, "[1,2,3]");
  expect(events).toEqual(["dead-lettered 1", "embedded 2,3", "span ended", "done 7"]);
  expect(stage.done).toMatchObject({ messages: 2, batches: 1, bytes: 7 });
});

test("an undecodable record is dead-lettered as it is; a revoked one is left to the partition's next owner", async () => {
  const { events, letters, deliver } = open();
  await deliver(1, "garbage");
  await deliver(2, "[5]", { revoked: true });
  expect(events).toEqual(["dead-lettered 1", "done 1", "done 2"]);
  expect(letters[0]?.fault).toMatchObject({ kind: "poison", code: "undecodable" });
});

test("the span ends where dead letters can't be sent, and the record stays undone", async () => {
  const work = async ({ messages }: MessageBatch<Message>): Promise<Settled<Message>> => ({
    done: [],
    poison: messages.map((item) => ({ item, fault: poison("rejected", "no") })),
  });
  const rejections: unknown[] = [];
  const onRejection = (error: unknown): number => rejections.push(error);
  process.on("unhandledRejection", onRejection);
  const { events, deliver } = open({ work }, countAttempts(), true);
  void deliver(1, "[1]");
  await expect.poll(() => rejections.length).toBe(1);
  process.off("unhandledRejection", onRejection);
  expect(events).toEqual(["span ended"]);
});

test("records that wait are joined in order, up to the limit of the stage, and each is done", async () => {
  const sizes: number[] = [];
  const gate = Promise.withResolvers<void>();
  const { events, deliver } = open({
    concurrency: 1,
    async work({ messages }) {
      sizes.push(messages.length);
      if (sizes.length === 1) await gate.promise;
      return { done: [...messages], poison: [] };
    },
    join: (batch, next) =>
      batch.messages.length >= 4
        ? undefined
        : { messages: [...batch.messages, ...next.messages], bytes: batch.bytes + next.bytes },
  });
  const first = deliver(1, "[1]");
  await expect.poll(() => sizes).toEqual([1]);
  const others = [
    deliver(2, "[2,3]"),
    deliver(3, "[4,5]"),
    deliver(4, "[6]"),
    deliver(5, "garbage"),
    deliver(6, "[7]"),
  ];
  gate.resolve();
  await Promise.all([first, ...others]);
  expect(sizes).toEqual([1, 4, 1, 1]);
  expect(events.filter((event) => event.startsWith("done"))).toEqual([1, 2, 3, 4, 5, 6].map((n) => `done ${n}`));
});

test.each([1, 2, 3, 4])(
  "%i lethal messages of one batch cost ATTEMPTS_MAX deaths each, and all others are done",
  async (lethalCount) => {
    const attempts = countAttempts();
    const lethal = new Set([1, 3, 4, 6].slice(0, lethalCount));
    const done = new Set<number>();
    let deaths = 0;
    /** A process that dies leaves its record undone; the next one gets it again. */
    for (let record = "alive"; record !== "done"; ) {
      const death = Promise.withResolvers<void>();
      const { deliver, letters } = open(
        {
          async work({ messages }) {
            if (messages.some(({ offset }) => lethal.has(offset))) {
              death.resolve();
              return new Promise<never>(() => undefined);
            }
            for (const { offset } of messages) done.add(offset);
            return { done: [...messages], poison: [] };
          },
        },
        attempts,
      );
      const finished = deliver(1, "[0,1,2,3,4,5,6]", { attempts: ATTEMPTS_MAX + 1 });
      record = await Promise.race([finished.then(() => "done"), death.promise.then(() => "died")]);
      if (record === "died") deaths++;
      else expect(letters.map(({ offset }) => offset)).toEqual([...lethal]);
      if (deaths > 100) throw new Error("the deaths multiply");
    }
    expect(deaths).toBe(ATTEMPTS_MAX * lethalCount);
    expect(done).toEqual(new Set([0, 1, 2, 3, 4, 5, 6].filter((offset) => !lethal.has(offset))));
    expect(attempts.counts.size).toBe(0);
  },
);
