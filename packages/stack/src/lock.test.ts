import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { withLock } from "./lock.ts";

test("work under the same lock never overlaps, and a failure releases it", async () => {
  const root = await mkdtemp(join(tmpdir(), "millrace-lock-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const path = join(root, "stack");
  const events: string[] = [];
  const work = (name: string) =>
    withLock(path, async () => {
      events.push(`${name} begins`);
      await sleep(50);
      events.push(`${name} ends`);
      if (name === "first") throw new Error("first fails");
    });
  const outcomes = await Promise.allSettled([work("first"), work("second")]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(events.map((event) => event.split(" ")[1])).toEqual(["begins", "ends", "begins", "ends"]);
});
