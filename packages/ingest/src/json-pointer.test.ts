import fc from "fast-check";
import { expect, test } from "vitest";
import { selectByPointer } from "./json-pointer.ts";

/** The document of RFC 6901, section 5. */
const document = JSON.parse(`{
  "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\\\j": 5, "k\\"l": 6, " ": 7, "m~n": 8
}`);

test.each([
  ["", document],
  ["/foo", ["bar", "baz"]],
  ["/foo/0", "bar"],
  ["/", 0],
  ["/a~1b", 1],
  ["/c%d", 2],
  ["/e^f", 3],
  ["/g|h", 4],
  ["/i\\j", 5],
  ['/k"l', 6],
  ["/ ", 7],
  ["/m~0n", 8],
])("RFC 6901, section 5: %j", (pointer, value) => {
  expect(selectByPointer(document, pointer)).toEqual(value);
});

test.each([
  "/foo/2",
  "/foo/-",
  "/foo/00",
  "/foo/+1",
  "/foo/1.0",
  "/foo/1e0",
  "/foo/length",
  "/foo/0/0",
  "/bar",
  "/m~n/x",
])("%s names nothing", (pointer) => {
  expect(selectByPointer(document, pointer)).toBeUndefined();
});

test.each(["/__proto__", "/__proto__/x", "/constructor", "/constructor/name", "/toString", "/foo/constructor"])(
  "%s does not reach what every object inherits",
  (pointer) => {
    expect(selectByPointer(document, pointer)).toBeUndefined();
  },
);

test("an own field is found even by such a name", () => {
  expect(selectByPointer(JSON.parse('{"__proto__":{"x":"text"}}'), "/__proto__/x")).toBe("text");
  expect(selectByPointer({ x: undefined }, "/__proto__/x")).toBeUndefined();
});

test("~01 is ~1, not a slash", () => {
  expect(selectByPointer({ "~1": "right", "/": "wrong" }, "/~01")).toBe("right");
});

test("every value of a document is found by the pointer to it", () => {
  const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");
  const visit = (root: unknown, value: unknown, pointer: string): void => {
    expect(selectByPointer(root, pointer)).toBe(value);
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value)) visit(root, inner, `${pointer}/${escaped(name)}`);
  };
  fc.assert(fc.property(fc.jsonValue(), (json) => visit(json, json, "")));
});
