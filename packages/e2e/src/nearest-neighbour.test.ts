import { expect, it } from "vitest";
import { nearestNeighbour } from "./nearest-neighbour.ts";

const candidate = (id: string, ...vector: number[]) => ({ id, vector: Float32Array.from(vector) });

it("compares angles, not lengths", () => {
  const candidates = [candidate("long", 10, 10), candidate("near", 0.1, 0.01), candidate("opposite", -1, 0)];
  expect(nearestNeighbour(Float32Array.from([1, 0]), candidates)?.id).toBe("near");
});

it("finds nothing in an empty list", () => {
  expect(nearestNeighbour(Float32Array.from([1]), [])).toBeUndefined();
});
