import { expect, it } from "vitest";
import { Places } from "./ranges.ts";

it("joins adjacent offsets of a partition, and leaves out what others published in between", () => {
  const places = new Places();
  places.add([
    { partition: 0, offset: 7 },
    { partition: 1, offset: 0 },
    { partition: 0, offset: 8 },
  ]);
  places.add([
    { partition: 0, offset: 9 },
    { partition: 1, offset: 4 },
  ]);
  expect(places.ranges).toEqual([
    { partition: 0, from: 7, to: 10 },
    { partition: 1, from: 0, to: 1 },
    { partition: 1, from: 4, to: 5 },
  ]);
  expect(places.size).toBe(5);
});
