import { setTimeout as sleep } from "node:timers/promises";
import { eventually, uniqueName } from "@millrace/testbed";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Received } from "../src/received.ts";
import { createTopicReader } from "../src/topic-reader.ts";
import {
  collect,
  committedOffsets,
  createTopic,
  finish,
  kafka,
  offsetsOf,
  openWriter,
  type TestConsumption,
} from "./support.ts";

const write = await openWriter();

const COUNT = 12;
const offsets = Array.from({ length: COUNT }, (_, offset) => offset);

/** Each run tries this many inputs at once, since most of its time is waiting for the group. */
const AT_ONCE = 5;

function atOnce<Input>(input: fc.Arbitrary<Input>, property: (input: Input) => Promise<void>) {
  const inputs = fc.array(input, { minLength: AT_ONCE, maxLength: AT_ONCE });
  return fc.asyncProperty(inputs, async (given) => {
    const outcomes = await Promise.allSettled(given.map(property));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  });
}

test("property 6, exactly-once offset semantics: whatever is done in whatever order, a commit passes no undone record, and what is committed never comes again", async () => {
  const lives = fc.array(fc.shuffledSubarray(offsets), { minLength: 1, maxLength: 3 });
  await fc.assert(
    atOnce(lives, async (given) => {
      const topic = await createTopic(1);
      const groupId = uniqueName("group");
      await write(topic, 1, COUNT);
      let committed = 0;
      for (const finished of [...given, offsets]) {
        await using consumer = await collect(groupId, topic);
        await eventually(() => offsetsOf(consumer.received)).toEqual(offsets.slice(committed));
        for (const offset of finished) finish(consumer.received, 0, offset);
        committed = offsets.find((offset) => offset >= committed && !finished.includes(offset)) ?? COUNT;
        await eventually(() => committedOffsets(groupId, topic)).toEqual([committed === 0 ? -1 : committed]);
        if (committed === COUNT) break;
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 180_000);

test("property 18, rebalancing integrity: while members come and go nothing is lost, no holder of a partition has a gap or a double, and what is committed never comes again", async () => {
  const PARTITIONS = 4;
  const PER_STEP = 30;
  const steps = fc.array(fc.constantFrom("join", "leave"), { minLength: 3, maxLength: 6 });
  await fc.assert(
    atOnce(steps, async (given) => {
      const topic = await createTopic(PARTITIONS);
      const groupId = uniqueName("group");
      const done = new Set<string>();
      const deliveries: Received[][] = [];
      const members: TestConsumption[] = [];
      await using committed = watchCommits(groupId, topic);
      const again: string[] = [];

      async function join(): Promise<void> {
        const delivered: Received[] = [];
        deliveries.push(delivered);
        const accept = (record: Received): void => {
          delivered.push(record);
          const place = `${record.partition}-${record.offset}`;
          if (record.offset < (committed.offsets[record.partition] ?? 0)) again.push(place);
          // As a stage does: late, and not at all once the partition has gone to another.
          setTimeout(() => {
            if (!record.revoked) done.add(place);
            record.done();
          }, 5);
        };
        members.push(await collect(groupId, topic, { accept }));
      }

      await join();
      for (const step of given) {
        await write(topic, PARTITIONS, PER_STEP);
        if (step === "join" && members.length < 3) await join();
        else if (step === "leave" && members.length > 1) await members.shift()?.[Symbol.asyncDispose]();
        await sleep(50);
      }
      // A write that is repeated because one partition refused it leaves more in the others than was written.
      const written = await endOffsets(topic);
      expect(Math.min(...written)).toBe(given.length * PER_STEP);
      await eventually(() => done.size).toBe(written.reduce((sum, offset) => sum + offset, 0));
      await eventually(() => committed.offsets).toEqual(written);
      // A member that joins now has nothing to do.
      await join();
      const isAssigned = () =>
        members
          .at(-1)
          ?.patience.lines()
          .some(({ details }) => details?.state === "consuming");
      await eventually(isAssigned).toBe(true);
      await sleep(100);
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));

      expect(again).toEqual([]);
      for (const delivered of deliveries) {
        for (let partition = 0; partition < PARTITIONS; partition++) expectGapless(delivered, partition);
      }
    }),
    { numRuns: 5, endOnFailure: true },
  );
}, 240_000);

/** The group's commits, read again and again. */
function watchCommits(groupId: string, topic: string) {
  const stopped = new AbortController();
  const watched = {
    offsets: [] as number[],
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await watching;
    },
  };
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      watched.offsets = await committedOffsets(groupId, topic);
      await sleep(20);
    }
  };
  const watching = watch();
  return watched;
}

async function endOffsets(topic: string): Promise<number[]> {
  await using reader = createTopicReader(kafka);
  return ((await reader.ranges(topic)) ?? []).map(({ to }) => to);
}

/** One after the other; it may go back to what was not committed, when the partition was taken away and given again. */
function expectGapless(delivered: readonly Received[], partition: number): void {
  const held = delivered.filter((record) => record.partition === partition);
  for (const [index, record] of held.entries()) {
    const previous = held[index - 1];
    if (!previous || record.offset === previous.offset + 1) continue;
    expect(previous.revoked, `a gap after ${partition}-${previous.offset}`).toBe(true);
  }
}
