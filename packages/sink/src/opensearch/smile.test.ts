import fc from "fast-check";
import { parse } from "smile-js";
import { describe, expect, test } from "vitest";
import { littleEndian } from "../../test/documents.ts";
import { GrowingBuffer } from "./growing-buffer.ts";
import {
  encodeName,
  endDocument,
  endObject,
  startDocument,
  startObject,
  writeFloats,
  writeInteger,
  writeString,
  writeUtf8,
} from "./smile.ts";

/** Encodes a document `{ "value": … }`. */
function encode(write: (to: GrowingBuffer) => void): Buffer {
  const to = new GrowingBuffer();
  startDocument(to);
  startObject(to);
  to.append(encodeName("value"));
  write(to);
  endObject(to);
  endDocument(to);
  return to.written;
}

/** Decodes a document with an independent SMILE implementation, split as OpenSearch splits it. */
function decode(document: Buffer): unknown {
  expect(document.indexOf(0xff)).toBe(document.length - 1);
  return parse(document.subarray(0, -1)).value;
}

function bytesOf(write: (to: GrowingBuffer) => void): string {
  const to = new GrowingBuffer();
  write(to);
  return to.written.toString("hex");
}

describe("a string round-trips", () => {
  const check = (text: string) => {
    expect(decode(encode((to) => writeString(to, text)))).toBe(text);
    expect(decode(encode((to) => writeUtf8(to, Buffer.from(text))))).toBe(text);
  };

  test("of any length around the limits of the short forms", () => {
    for (let length = 0; length < 70; length++) {
      for (const text of ["a".repeat(length), `${"a".repeat(length)}é`, `${"a".repeat(length)}\u{1f600}`]) check(text);
    }
  });

  test("of any characters", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), check));
    check("\0");
    check("long ".repeat(100_000));
    check("länger ".repeat(100_000));
  });

  test("in the form of the specification", () => {
    expect(bytesOf((to) => writeString(to, ""))).toBe("20");
    expect(bytesOf((to) => writeString(to, "a"))).toBe("4061");
    expect(bytesOf((to) => writeString(to, "é"))).toBe("80c3a9");
    expect(bytesOf((to) => writeString(to, "a".repeat(64)))).toBe(`7f${"61".repeat(64)}`);
    expect(bytesOf((to) => writeString(to, "a".repeat(65)))).toBe(`e0${"61".repeat(65)}fc`);
    expect(bytesOf((to) => writeString(to, `${"a".repeat(63)}é`))).toBe(`bf${"61".repeat(63)}c3a9`);
    expect(bytesOf((to) => writeString(to, `${"a".repeat(64)}é`))).toBe(`e4${"61".repeat(64)}c3a9fc`);
  });
});

describe("an integer round-trips", () => {
  const check = (value: number) => {
    expect(Number(decode(encode((to) => writeInteger(to, value))))).toBe(value);
  };

  test("of any value", () => {
    fc.assert(fc.property(fc.maxSafeInteger(), check));
    fc.assert(fc.property(fc.integer({ min: -300, max: 300 }), check));
  });

  test("at every power of two", () => {
    for (let exponent = 0; exponent <= 53; exponent++) {
      for (const value of [2 ** exponent - 1, 2 ** exponent]) {
        check(Math.min(value, Number.MAX_SAFE_INTEGER));
        if (value !== 0) check(Math.max(-value, Number.MIN_SAFE_INTEGER));
      }
    }
  });

  test("in the form of the specification", () => {
    expect(bytesOf((to) => writeInteger(to, 0))).toBe("c0");
    expect(bytesOf((to) => writeInteger(to, -16))).toBe("df");
    expect(bytesOf((to) => writeInteger(to, 16))).toBe("24a0");
    expect(bytesOf((to) => writeInteger(to, -33))).toBe("240181");
    expect(bytesOf((to) => writeInteger(to, 2 ** 31))).toBe("252000000080");
  });
});

describe("float32 round-trip", () => {
  test("bit by bit, for any values", () => {
    const check = (bits: Uint32Array) => {
      const floats = new Float32Array(bits.buffer, bits.byteOffset, bits.length);
      const document = encode((to) => writeFloats(to, littleEndian(floats)));
      const back = Float32Array.from(decode(document) as number[]);
      expect(back).toEqual(floats);
    };
    fc.assert(fc.property(fc.uint32Array({ maxLength: 40 }), check));
    check(Uint32Array.of(0, 0x8000_0000, 1, 0x7f7f_ffff, 0x7f80_0000, 0xff80_0000, 0xffff_ffff));
  });

  test("from any offset in a larger buffer", () => {
    const row = Float32Array.from({ length: 4 }, (_, index) => index / 7);
    for (const start of [0, 1, 2, 3, 4]) {
      const within = Buffer.concat([Buffer.alloc(start, 7), littleEndian(row), Buffer.alloc(9, 7)]);
      const vector = within.subarray(start, start + 16);
      expect(Float32Array.from(decode(encode((to) => writeFloats(to, vector))) as number[])).toEqual(row);
    }
  });
});

test("a name without a short form is a programming error", () => {
  expect(() => encodeName("")).toThrow("short ASCII name");
  expect(() => encodeName("ä")).toThrow("short ASCII name");
  expect(() => encodeName("a".repeat(65))).toThrow("short ASCII name");
});
