import fc from "fast-check";
import { expect, test } from "vitest";
import { assignPartitions } from "./assigner.ts";

const topicNames = ["a", "b", "c", "d"];
const groups = fc.record({
  subscriptions: fc
    .dictionary(fc.stringMatching(/^[a-z0-9]{1,8}$/), fc.uniqueArray(fc.constantFrom(...topicNames)), {
      minKeys: 1,
      maxKeys: 8,
      noNullPrototype: true,
    })
    .map((entries) => new Map(Object.entries(entries))),
  partitions: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...topicNames), fc.integer({ min: 1, max: 12 })), {
      selector: ([name]) => name,
    })
    .map(
      (topics) => new Map(topics.map(([topic, count]) => [topic, Array.from({ length: count }, (_, each) => each)])),
    ),
});

test("each partition of a subscribed topic has one owner, which subscribes to it", () => {
  fc.assert(
    fc.property(groups, ({ subscriptions, partitions }) => {
      const assignments = assignPartitions(subscriptions, partitions);
      for (const [topic, numbers] of partitions) {
        const owned = [...assignments].flatMap(([member, assignment]) => {
          const given = assignment[topic] ?? [];
          if (given.length > 0) expect(subscriptions.get(member)).toContain(topic);
          return given;
        });
        const isRead = [...subscriptions.values()].some((topics) => topics.includes(topic));
        expect(owned.toSorted((one, other) => one - other)).toEqual(isRead ? numbers : []);
      }
    }),
  );
});

test("if all subscribe to the same topics, their numbers of partitions differ by one at most", () => {
  fc.assert(
    fc.property(groups, ({ subscriptions, partitions }) => {
      const same = new Map([...subscriptions.keys()].map((member) => [member, topicNames]));
      const counts = [...assignPartitions(same, partitions).values()].map(
        (assignment) => Object.values(assignment).flat().length,
      );
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});
