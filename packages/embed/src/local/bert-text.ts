/**
 * BERT's uncased text normalization, in the order of the Hugging Face `BertNormalizer`: clean, separate CJK characters,
 * strip accents, lowercase. It uses Node's Unicode tables, so a character newer than the model's tables may be classified
 * differently; it has no word piece either way.
 */

const removed = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]/gu;
const whitespace = /\s/gu;
// Ideographs are written without spaces, so each counts as a word; Hangul and kana are outside these ranges.
const ideographs =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
const accents = /\p{Mn}/gu;
const capitalSigma = /Σ/gu;
const nonAsciiPunctuation = /(?![\0-\x7F])\p{P}/gu;

/**
 * Prepares any text, including lone surrogates, for splitting into words: the result has no control characters and no
 * non-ASCII whitespace, and spaces surround every ideograph and every non-ASCII punctuation mark.
 */
export function normalizeText(text: string): string {
  return (
    text
      .replace(removed, "")
      .replace(ideographs, " $& ")
      .normalize("NFD")
      .replace(accents, "")
      // Characters are lowercased individually: JavaScript would turn a word's last sigma into a different letter.
      .replace(capitalSigma, "σ")
      .toLowerCase()
      .replace(whitespace, " ")
      .replace(nonAsciiPunctuation, " $& ")
  );
}

const asciiSize = 0x80;
export const CharacterClass = { word: 0, space: 1, punctuation: 2, removed: 3 } as const;
const asciiClasses = Uint8Array.from({ length: asciiSize }, (_, code) => asciiClass(String.fromCharCode(code)));

function asciiClass(character: string): number {
  if (/[ \t\n\r]/.test(character)) return CharacterClass.space;
  if (/\p{Cc}/u.test(character)) return CharacterClass.removed;
  // Symbols such as $ and + are punctuation for BERT, though not in Unicode.
  return /[A-Za-z0-9]/.test(character) ? CharacterClass.word : CharacterClass.punctuation;
}

/** The class of a UTF-16 code unit in a normalized text, where everything outside ASCII belongs to a word. */
export function characterClass(code: number): number {
  return asciiClasses[code] ?? CharacterClass.word;
}

/** Whether a text needs no `normalizeText`: true of most messages, which then take a quarter of the time. */
export function isPlainAscii(text: string): boolean {
  for (let position = 0; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code >= asciiSize || asciiClasses[code] === CharacterClass.removed) return false;
  }
  return true;
}
