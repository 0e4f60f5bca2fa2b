import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WordPieceTokenizer } from "./word-piece.ts";

const vocabulary = readFileSync(new URL("../../model/vocab.txt", import.meta.url), "utf8")
  .trimEnd()
  .split("\n");
const tokenizer = new WordPieceTokenizer(vocabulary);

function piecesOf(text: string, by = tokenizer): string[] {
  const count = by.tokenize(text);
  return Array.from(by.ids.subarray(0, count), (id) => vocabulary[id] ?? `no piece has id ${id}`);
}

/** Oversamples the characters that the algorithm treats specially. */
const awkwardCharacter = fc.constantFrom(
  ..."aZé\u0301ßİΣς漢가“$-'.#[] \t\n\u00a0\u2028\0\u200b\ufffd\ud83d\ude00\udc00ﬁⅧ",
);
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.array(awkwardCharacter, { maxLength: 150 }).map((characters) => characters.join("")),
  fc.array(fc.constantFrom(...vocabulary), { maxLength: 30 }).map((pieces) => pieces.join(" ").replaceAll(" ##", "")),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((codes) => String.fromCharCode(...codes)),
);
const asciiText = fc.oneof(
  fc.string({ unit: "binary-ascii" }),
  anyText.map((text) => text.replace(/[^\0-\x7f]/g, "x")),
);

describe("gives the pieces of the Hugging Face tokenizer for", () => {
  test.each([
    ["I am still waiting on my card?", "i am still waiting on my card ?"],
    ["it hasn't arrived after 2 weeks", "it hasn ' t arrived after 2 weeks"],
    ["unaffable", "una ##ffa ##ble"],
    ["$5.00+tax", "$ 5 . 00 + tax"],
    ["Crème brûlée, s'il vous plaît", "cr ##eme br ##ule ##e , s ' il vo ##us pl ##ai ##t"],
    ["İstanbul ΟΔΥΣΣΕΥΣ Straße", "istanbul ο ##δ ##υ ##σ ##σ ##ε ##υ ##σ st ##raße"],
    ["漢字 abc中文", "漢 [UNK] abc 中 文"],
    ["한국어", "ᄒ ##ᅡ ##ᆫ ##ᄀ ##ᅮ ##ᆨ ##ᄋ ##ᅥ"],
    ["“curly” — dash…", "“ curly ” — dash …"],
    ["ab\0c\tde\u2028f\u00a0g\u200bh", "abc de f g ##h"],
    ["thanks 😀", "thanks [UNK]"],
  ])("%j", (text, pieces) => {
    expect(piecesOf(text).join(" ")).toBe(pieces);
  });

  test("texts without any token", () => {
    for (const text of ["", " \t\r\n", "\u200b\ufeff", "\0", "\u0301", "\ud800"]) expect(piecesOf(text)).toEqual([]);
  });

  test("words of 100 and of 101 code points", () => {
    const deseret = "𐐨";
    expect(piecesOf("a".repeat(100))).not.toContain("[UNK]");
    expect(piecesOf("a".repeat(101))).toEqual(["[UNK]"]);
    expect(piecesOf(`é${"a".repeat(99)}`)).toEqual(piecesOf("ea".padEnd(100, "a")));
    const small = new WordPieceTokenizer(["[UNK]", deseret, `##${deseret}`]);
    expect(small.tokenize(deseret.repeat(100))).toBe(100);
    expect(small.tokenize(deseret.repeat(101))).toBe(1);
  });
});

test("a text cannot inject a special token", () => {
  expect(piecesOf("[SEP]")).toEqual(["[", "sep", "]"]);
});

test("a word whose end has no piece is unknown as a whole", () => {
  expect(piecesOf("card☃ card")).toEqual(["[UNK]", "card"]);
});

test("picks the longest piece, not the first that fits", () => {
  const pieces = ["[UNK]", "a", "ab", "abcd", "##c", "##cd"];
  const small = new WordPieceTokenizer(pieces);
  const spelled = (text: string) => Array.from(small.ids.subarray(0, small.tokenize(text)), (id) => pieces[id]);
  expect(spelled("abc abcd acd")).toEqual(["ab", "##c", "abcd", "a", "##cd"]);
});

test("rejects a vocabulary without the unknown piece", () => {
  expect(() => new WordPieceTokenizer(["a", "b"])).toThrow("[UNK]");
});

test("tokenizes any text, including lone surrogates, like a naive implementation of the algorithm", () => {
  const ids = new Map(vocabulary.map((piece, id) => [piece, id]));
  fc.assert(
    fc.property(anyText, (text) => {
      expect(piecesOf(text)).toEqual(plainPieces(text, ids));
    }),
    { numRuns: 2000 },
  );
});

test("the fast path for ASCII gives the same pieces as the general path", () => {
  fc.assert(
    fc.property(asciiText, (text) => {
      // The zero-width space forces the general path, which removes it.
      expect(piecesOf(text)).toEqual(piecesOf(`${text}\u200b`));
    }),
    { numRuns: 2000 },
  );
});

test("a text's tokens are independent of earlier texts", () => {
  fc.assert(
    fc.property(anyText, anyText, (first, second) => {
      tokenizer.tokenize(first);
      expect(piecesOf(second)).toEqual(piecesOf(second, new WordPieceTokenizer(vocabulary)));
    }),
    { numRuns: 20 },
  );
});

/** The algorithm character by character, with substrings and a map: slow, but easy to check against its description. */
function plainPieces(text: string, ids: ReadonlyMap<string, number>): string[] {
  const spaced = Array.from(text, (character) => {
    if (/[\t\n\r]/.test(character)) return " ";
    if (/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]/u.test(character)) return "";
    return isIdeograph(character.codePointAt(0) ?? 0) ? ` ${character} ` : character;
  }).join("");
  const lowered = Array.from(spaced.normalize("NFD"), (c) => (/\p{Mn}/u.test(c) ? "" : c.toLowerCase())).join("");
  const isPunctuation = (c: string) => /\p{P}|[$+<=>^`|~]/u.test(c);
  const words = Array.from(lowered, (c) => (isPunctuation(c) ? ` ${c} ` : c))
    .join("")
    .split(/\s+/);
  return words.filter((word) => word !== "").flatMap((word) => plainSpelling(word, ids));
}

function plainSpelling(word: string, ids: ReadonlyMap<string, number>): string[] {
  const characters = Array.from(word);
  if (characters.length > 100) return ["[UNK]"];
  const pieces: string[] = [];
  for (let start = 0; start < characters.length; ) {
    const prefix = start === 0 ? "" : "##";
    let end = characters.length;
    while (end > start && !ids.has(prefix + characters.slice(start, end).join(""))) end -= 1;
    if (end === start) return ["[UNK]"];
    pieces.push(prefix + characters.slice(start, end).join(""));
    start = end;
  }
  return pieces;
}

function isIdeograph(codePoint: number): boolean {
  const ranges = [
    [0x4e00, 0x9fff],
    [0x3400, 0x4dbf],
    [0x20000, 0x2a6df],
    [0x2a700, 0x2b73f],
    [0x2b740, 0x2b81f],
    [0x2b820, 0x2ceaf],
    [0xf900, 0xfaff],
    [0x2f800, 0x2fa1f],
  ] as const;
  return ranges.some(([first, last]) => first <= codePoint && codePoint <= last);
}
