/**
 * BERT's uncased text preparation, with the order of steps of the Hugging Face `BertNormalizer`: clean, set CJK
 * characters apart, strip accents, lowercase. The Unicode tables are Node's own, so a character that is newer than
 * those of the model may be classed otherwise than there; it has no word piece either way.
 */

const removed = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD]/gu;
const whitespace = /\s/gu;
// Ideographs are written without spaces, so each is a word; Hangul and kana are not in these ranges.
const ideographs =
  /[\u4E00-\u9FFF\u3400-\u4DBF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\uF900-\uFAFF\u{2F800}-\u{2FA1F}]/gu;
const accents = /\p{Mn}/gu;
const capitalSigma = /Σ/gu;
const nonAsciiPunctuation = /(?![\0-\x7F])\p{P}/gu;

/**
 * Prepares any text, lone surrogates included, for `splitWords`: afterwards it has no control characters, the space is
 * its only whitespace outside ASCII, and every ideograph and every punctuation mark outside ASCII stands alone.
 */
export function normalizeText(text: string): string {
  return (
    text
      .replace(removed, "")
      .replace(ideographs, " $& ")
      .normalize("NFD")
      .replace(accents, "")
      // Each character is lowercased by itself: JavaScript would make a word's last sigma another letter.
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
  // Symbols such as $ and + are no punctuation in Unicode, but they are to BERT.
  return /[A-Za-z0-9]/.test(character) ? CharacterClass.word : CharacterClass.punctuation;
}

/** The class of a UTF-16 code unit of a prepared text: there, all that is not ASCII belongs to a word. */
export function characterClass(code: number): number {
  return asciiClasses[code] ?? CharacterClass.word;
}

/** Whether a text can do without `normalizeText`: most messages can, and take a quarter of the time. */
export function isPlainAscii(text: string): boolean {
  for (let position = 0; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code >= asciiSize || asciiClasses[code] === CharacterClass.removed) return false;
  }
  return true;
}
