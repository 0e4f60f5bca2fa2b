import fc from "fast-check";
import { expect, test } from "vitest";
import { littleEndian } from "../../test/documents.ts";
import { GrowingBuffer } from "./growing-buffer.ts";
import { writeJsonFloats } from "./json-floats.ts";

function written(floats: Float32Array): string {
  const to = new GrowingBuffer();
  writeJsonFloats(to, littleEndian(floats));
  return to.written.toString();
}

test("every float32 round-trips to the last bit", () => {
  const check = (floats: Float32Array) => {
    expect(Float32Array.from(JSON.parse(written(floats)))).toEqual(floats);
  };
  fc.assert(fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 50 }), check));
  fc.assert(fc.property(fc.float32Array({ min: -1, max: 1, noNaN: true, maxLength: 50 }), check), { numRuns: 1_000 });
  check(Float32Array.of(0, -0, 1, -1, 0.1, 0.01, 0.001, 1e-4, 1e-5, 9.999_999e-6, 0.999_999_94, 0.099_999_994));
});

test("with nine significant digits", () => {
  expect(written(Float32Array.of(0.5, -0.012_345_678_9, 1 / 3))).toBe("[0.500000000,-0.0123456791,0.333333343]");
  expect(written(new Float32Array(0))).toBe("[]");
});

test("NaN and infinities are written as words that no parser accepts", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(() => JSON.parse(written(Float32Array.of(value)))).toThrow(SyntaxError);
  }
});
