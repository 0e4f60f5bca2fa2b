import { testPatience } from "@millrace/testbed";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AssignedPartitions } from "./assigned-partitions.ts";
import { Commits } from "./commits.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** One record is done and not committed; each commit is refused as `type` says. */
function openCommits() {
  const partitions = new AssignedPartitions();
  partitions.assign("member", { topic: [0] });
  const { ledger } = partitions.find("topic", 0, 0) ?? {};
  const entry = ledger?.begin(0);
  if (entry) ledger?.finish(entry);
  const patience = testPatience();
  const broker: { type: string | undefined } = { type: undefined };
  const commitOffsets = async () => {
    if (broker.type !== undefined) throw Object.assign(new Error(broker.type), { type: broker.type });
  };
  const commits = new Commits(partitions, { commitOffsets }, 1_000, patience);
  return { broker, commits, partitions, patience, health: () => patience.health.dependencies["kafka.commit"] };
}

test.each(["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"])(
  "a commit that a rebalance made stale (%s) is expected, and a fault once that lasts for 5 s",
  async (type) => {
    const { broker, commits, patience, health } = openCommits();
    broker.type = type;
    await commits.commit();
    vi.advanceTimersByTime(4_999);
    await commits.commit();
    expect([commits.failures, patience.lines(), health()]).toEqual([0, [], undefined]);
    vi.advanceTimersByTime(1);
    await commits.commit();
    expect(commits.failures).toBe(1);
    expect(health()).toMatchObject({ state: "waiting", cause: type });
  },
);

test("a commit that fails for another reason is visible at once, until one succeeds", async () => {
  const { broker, commits, patience, health } = openCommits();
  broker.type = "TOPIC_AUTHORIZATION_FAILED";
  await commits.commit();
  expect(health()).toMatchObject({ state: "waiting", cause: "TOPIC_AUTHORIZATION_FAILED" });
  broker.type = undefined;
  await commits.commit();
  expect(health()?.state).toBe("working");
  expect(patience.lines().map(({ action, status }) => [action, status])).toEqual([
    ["kafka.commit", "retry"],
    ["kafka.commit", "ok"],
  ]);
});

test("a failure is over once its partition belongs to another member, but not while this process is no member", async () => {
  const { broker, commits, partitions, health } = openCommits();
  broker.type = "NOT_COORDINATOR_FOR_GROUP";
  await commits.commit();
  partitions.revokeAll();
  await commits.commit();
  expect(health()?.state).toBe("waiting");
  partitions.assign("another id", { topic: [1] });
  await commits.commit();
  expect(health()?.state).toBe("working");
});
