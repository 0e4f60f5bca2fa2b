import { eventually, uniqueName } from "@millrace/testbed";
import type { Consumer, ConsumerRunConfig, EachBatchPayload, Kafka } from "kafkajs";
import { expect, test } from "vitest";
import { collect, offsetsOf } from "./support.ts";

const TOPIC = "orders";

/** A consumer whose group does what the test says: which ids members are given can't be arranged with a broker. */
function scriptedGroup() {
  const listeners = new Map<string, (event: unknown) => void>();
  let run: ConsumerRunConfig = {};
  const done = async (): Promise<void> => undefined;
  const consumer = {
    events: { GROUP_JOIN: "join", FETCH: "fetch", CRASH: "crash" },
    on: (name: string, listener: (event: unknown) => void) => listeners.set(name, listener),
    ...{ connect: done, subscribe: done, disconnect: done },
    async run(config: ConsumerRunConfig) {
      run = config;
    },
  } as unknown as Consumer;
  return {
    client: { consumer: () => consumer } as unknown as Kafka,
    join: (memberId: string, partitions: readonly number[]) =>
      listeners.get("join")?.({ payload: { memberId, memberAssignment: { [TOPIC]: partitions } } }),
    deliver: (partition: number, offsets: readonly number[]) => {
      const messages = offsets.map((offset) => ({ offset: String(offset), key: null, value: null, headers: {} }));
      const batch = { topic: TOPIC, partition, messages, firstOffset: () => String(offsets[0]) };
      const payload = { batch, heartbeat: done, resolveOffset: () => undefined, commitOffsetsIfNecessary: done };
      return run.eachBatch?.(payload as unknown as EachBatchPayload);
    },
  };
}

test("under its id a member goes on with what it holds; under a new one another may have held it in between", async () => {
  const group = scriptedGroup();
  await using consumer = await collect(uniqueName("group"), TOPIC, {}, group.client);
  group.join("member-1", [0, 1]);
  await group.deliver(0, [5, 6]);
  await group.deliver(1, [7]);
  expect(consumer.received).toHaveLength(3);

  // A generation later: partition 0 is still its own, and what is delivered again is in flight already.
  group.join("member-1", [0]);
  await group.deliver(0, [5, 6, 7]);
  expect(offsetsOf(consumer.received, 0)).toEqual([5, 6, 7]);
  expect(consumer.received.filter(({ revoked }) => revoked).map(({ partition }) => partition)).toEqual([1]);

  // The member missed a generation, in which another may have done and committed the same records.
  group.join("member-2", [0]);
  expect(consumer.received.map(({ revoked }) => revoked)).toEqual([true, true, true, true]);
  await group.deliver(0, [6, 7]);
  expect(offsetsOf(consumer.received.slice(4), 0)).toEqual([6, 7]);
  expect(consumer.received.slice(4).map(({ revoked }) => revoked)).toEqual([false, false]);
  for (const record of consumer.received) record.done();
  await eventually(() => consumer.consumption.inFlight).toBe(0);
});
