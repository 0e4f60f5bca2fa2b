import { expect, test } from "vitest";
import { keyOf } from "./event.ts";

test("an event's key is its user, else its device, else its own identity", () => {
  const event = { event_id: "event", user_id: "user", device_id: "device" };
  const { user_id: _, ...ofDevice } = event;
  expect(keyOf(event)).toBe("user");
  expect(keyOf(ofDevice)).toBe("device");
  expect(keyOf({ event_id: "event", user_id: "user" })).toBe("user");
  expect(keyOf({ event_id: "event" })).toBe("event");
});
