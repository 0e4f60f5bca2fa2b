import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseSafetensors, readSafetensors } from "./safetensors.ts";

function file(header: unknown, values: Uint8Array | number[] = []): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(values, 8 + json.length);
  return bytes;
}
const bytesOf = { dtype: "I8", shape: [2, 2], data_offsets: [0, 4] };

test("reads the tensors with their shapes and ignores the metadata", () => {
  const half = new Uint8Array(Float32Array.of(0.5, -2).buffer);
  const tensors = parseSafetensors(
    file({ __metadata__: { licence: "none" }, a: bytesOf, b: { dtype: "F32", shape: [2], data_offsets: [4, 12] } }, [
      ...[1, 255, 3, 128],
      ...half,
    ]),
  );
  expect([...tensors.keys()]).toEqual(["a", "b"]);
  expect(tensors.get("a")).toEqual({ shape: [2, 2], data: Int8Array.of(1, -1, 3, -128) });
  expect(tensors.get("b")).toEqual({ shape: [2], data: Float32Array.of(0.5, -2) });
});

test("reads unaligned values", () => {
  const values = new Uint8Array(Float64Array.of(1.25).buffer);
  for (let padding = 0; padding < 8; padding += 1) {
    const header = JSON.stringify({ a: { dtype: "F64", shape: [], data_offsets: [0, 8] } }) + " ".repeat(padding);
    const bytes = file(header, values);
    // Reading a file returns a Buffer, some of whose methods don't copy where a typed array's do.
    for (const form of [bytes, Buffer.from(bytes.buffer)]) {
      expect(parseSafetensors(form).get("a")?.data).toEqual(Float64Array.of(1.25));
    }
  }
});

test.each([
  ["an empty file", new Uint8Array(), "it has only 0 bytes"],
  ["a header longer than the file", file({ a: bytesOf }).subarray(0, 20), "it ends within its header"],
  ["a header that is not an object", file([1]), "its header is not a JSON object"],
  ["a header that is not JSON", file("{"), "JSON"],
  ["a tensor without a shape", file({ a: { dtype: "I8", data_offsets: [0, 4] } }), 'tensor "a"'],
  ["values cut off", file({ a: bytesOf }, [1, 2, 3]), 'it ends within tensor "a"'],
  ["offsets that do not fit the shape", file({ a: { ...bytesOf, shape: [5] } }, [1, 2, 3, 4]), "4 bytes instead of 5"],
  [
    "offsets in the wrong order",
    file({ a: { ...bytesOf, data_offsets: [4, 0] } }, [1, 2, 3, 4]),
    "-4 bytes instead of 4",
  ],
  ["an unknown element type", file({ a: { ...bytesOf, dtype: "BF16" } }, [1, 2, 3, 4]), "type BF16"],
  [
    "an element type named like a member of every object",
    file({ a: { ...bytesOf, dtype: "toString" } }),
    "type toString",
  ],
])("names the problem with %s", (_, bytes, message) => {
  expect(() => parseSafetensors(bytes)).toThrow(message);
});

test("a corrupt file yields an error or its tensors, never anything else", () => {
  const sound = file({ a: bytesOf }, [1, 2, 3, 4]);
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length), (position, value, length) => {
      const damaged = sound.slice(0, length);
      damaged[position] = value;
      try {
        for (const { shape, data } of parseSafetensors(damaged).values()) {
          expect(data).toHaveLength(shape.reduce((product, size) => product * size, 1));
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("names the file in the error", () => {
  const folder = mkdtempSync(join(tmpdir(), "safetensors-"));
  try {
    const path = join(folder, "cut.safetensors");
    writeFileSync(path, "cut");
    expect(() => readSafetensors(path)).toThrow(`${path} is not a readable safetensors file: it has only 3 bytes`);
    expect(() => readSafetensors(join(folder, "none"))).toThrow("ENOENT");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
