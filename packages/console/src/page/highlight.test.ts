import fc from "fast-check";
import { expect, test } from "vitest";
import { fromMarkup, inText } from "./highlight.ts";

const found = (parts: { text: string; found: boolean }[]) => parts.flatMap((part) => (part.found ? [part.text] : []));

test("the api's highlight becomes parts, and what was encoded is text again", () => {
  expect(fromMarkup("a &lt;b&gt; <em>card</em> &amp;lt; it&#x27;s")).toEqual([
    { text: "a <b> ", found: false },
    { text: "card", found: true },
    { text: " &lt; it's", found: false },
  ]);
});

test("whole words of the question are found in a text, in any case, and none within another", () => {
  expect(found(inText("The CARD of the cardinal: card.", "my card?"))).toEqual(["CARD", "card"]);
});

test("a question of signs alone finds nothing", () => {
  expect(inText("a (b) [c]", "([?*")).toEqual([{ text: "a (b) [c]", found: false }]);
});

test("nothing of the text is lost or added, whatever is asked for", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (text, query) => {
      const parts = inText(text, query);
      expect(parts.map((part) => part.text).join("")).toBe(text);
    }),
  );
});
