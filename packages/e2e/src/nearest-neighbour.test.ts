import { expect, it } from "vitest";
import { nearestNeighbour } from "./nearest-neighbour.ts";

const candidate = (id: string, ...vector: number[]) => ({ id, vector: Float32Array.from(vector) });

it("goes by the angle, not by the length", () => {
  const candidates = [candidate("long", 10, 10), candidate("near", 0.1, 0.01), candidate("opposite", -1, 0)];
  expect(nearestNeighbour(Float32Array.from([1, 0]), candidates)?.id).toBe("near");
});

it("finds nothing among nothing", () => {
  expect(nearestNeighbour(Float32Array.from([1]), [])).toBeUndefined();
});
