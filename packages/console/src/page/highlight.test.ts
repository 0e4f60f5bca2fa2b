import fc from "fast-check";
import { expect, test } from "vitest";
import { fromMarkup, inText } from "./highlight.ts";

const found = (parts: { text: string; found: boolean }[]) => parts.flatMap((part) => (part.found ? [part.text] : []));

test("splits the api's highlight into parts and decodes the text", () => {
  expect(fromMarkup("a &lt;b&gt; <em>card</em> &amp;lt; it&#x27;s")).toEqual([
    { text: "a <b> ", found: false },
    { text: "card", found: true },
    { text: " &lt; it's", found: false },
  ]);
});

test("finds whole words of the query in any case, and none inside another word", () => {
  expect(found(inText("The CARD of the cardinal: card.", "my card?"))).toEqual(["CARD", "card"]);
});

test("a query without letters or digits finds nothing", () => {
  expect(inText("a (b) [c]", "([?*")).toEqual([{ text: "a (b) [c]", found: false }]);
});

test("preserves the text for every query", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (text, query) => {
      const parts = inText(text, query);
      expect(parts.map((part) => part.text).join("")).toBe(text);
    }),
  );
});
