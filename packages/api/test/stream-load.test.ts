import { expect, test } from "vitest";
import { streamLoad } from "./stream-load.ts";

test("each of many clients receives each event once and in order, while others stall and all reconnect at once", async () => {
  const load = { clients: 40, stalled: 4, eventsPerSecond: 200, seconds: 5, storms: 2 };
  const result = await streamLoad(load, { STREAM_PING_INTERVAL_MS: "5000" });
  expect(result).toMatchObject({ complete: load.clients, faults: 0 });
  expect(result.published).toBe(load.eventsPerSecond * load.seconds);
}, 120_000);
