import { setTimeout as sleep } from "node:timers/promises";
import { eventually, uniqueName } from "@millrace/testbed";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Received } from "../src/received.ts";
import {
  collect,
  committedOffsets,
  createTopic,
  finish,
  offsetsOf,
  openWriter,
  type TestConsumption,
} from "./support.ts";

const write = await openWriter();

const COUNT = 12;
const offsets = Array.from({ length: COUNT }, (_, offset) => offset);

test("property 6, exactly-once offset semantics: whatever is done in whatever order, a commit passes no undone record, and what is committed never comes again", async () => {
  const lives = fc.array(fc.shuffledSubarray(offsets), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(lives, async (given) => {
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
    { numRuns: 8, endOnFailure: true },
  );
}, 120_000);

test("property 18, rebalancing integrity: while members come and go nothing is lost, and whoever holds a partition is given it without a gap", async () => {
  const PARTITIONS = 4;
  const PER_STEP = 30;
  const steps = fc.array(fc.constantFrom("join", "leave"), { minLength: 3, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(steps, async (given) => {
      const topic = await createTopic(PARTITIONS);
      const groupId = uniqueName("group");
      const done = new Set<string>();
      const deliveries: Received[][] = [];
      const members: TestConsumption[] = [];

      async function join(): Promise<void> {
        const delivered: Received[] = [];
        deliveries.push(delivered);
        const accept = (record: Received): void => {
          delivered.push(record);
          // As a stage does: late, and not at all once the partition has gone to another.
          setTimeout(() => {
            if (!record.revoked) done.add(`${record.partition}-${record.offset}`);
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
      const total = given.length * PER_STEP;
      await eventually(() => done.size).toBe(PARTITIONS * total);
      await eventually(() => committedOffsets(groupId, topic)).toEqual(Array(PARTITIONS).fill(total));
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));

      for (const delivered of deliveries) {
        for (let partition = 0; partition < PARTITIONS; partition++) expectGapless(delivered, partition);
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
}, 180_000);

/** One after the other; it may go back to what was not committed, when the partition was taken away and given again. */
function expectGapless(delivered: readonly Received[], partition: number): void {
  const held = delivered.filter((record) => record.partition === partition);
  for (const [index, record] of held.entries()) {
    const previous = held[index - 1];
    if (!previous || record.offset === previous.offset + 1) continue;
    expect(previous.revoked, `a gap after ${partition}-${previous.offset}`).toBe(true);
  }
}
