import { CharacterClass, characterClass, isPlainAscii, normalizeText } from "./bert-text.ts";
import { buildPieceTrie, type PieceTrie } from "./piece-trie.ts";

const unknownPiece = "[UNK]";
/** BERT treats longer words as unknown. In code points. */
const wordLengthMax = 100;

/**
 * BERT's uncased word-piece tokenizer: a word becomes the longest piece that it starts with, then the longest "##"
 * piece that follows, and so on; a word without such a split becomes one [UNK]. It adds no special tokens, and a text that
 * contains one, such as "[SEP]", is ordinary text.
 */
export class WordPieceTokenizer {
  readonly #trie: PieceTrie;
  readonly #unknownId: number;
  #ids = new Int32Array(256);

  /** pieces: a piece's index is its id. */
  constructor(pieces: readonly string[]) {
    this.#trie = buildPieceTrie(pieces);
    this.#unknownId = pieces.indexOf(unknownPiece);
    if (this.#unknownId < 0) throw new Error(`The vocabulary has no ${unknownPiece}.`);
  }

  /** The ids of the last text, from the start of the array. The next text overwrites them, to avoid allocations. */
  get ids(): Int32Array {
    return this.#ids;
  }

  /** Writes a text's ids into `ids` and returns their number. */
  tokenize(text: string): number {
    const prepared = isPlainAscii(text) ? text : normalizeText(text);
    // A piece consumes at least one code unit.
    if (prepared.length > this.#ids.length) this.#ids = new Int32Array(prepared.length * 2);

    let count = 0;
    let wordStart = 0;
    for (let position = 0; position < prepared.length; position += 1) {
      const kind = characterClass(prepared.charCodeAt(position));
      if (kind === CharacterClass.word) continue;
      count = this.#appendWord(prepared, wordStart, position, count);
      wordStart = position + 1;
      if (kind === CharacterClass.punctuation) count = this.#appendWord(prepared, position, wordStart, count);
    }
    return this.#appendWord(prepared, wordStart, prepared.length, count);
  }

  /** Appends the pieces of one word after the first `count` ids and returns the new count. */
  #appendWord(text: string, start: number, end: number, count: number): number {
    if (start === end) return count;
    const trie = this.#trie;
    let length = count;
    let position = isTooLong(text, start, end) ? end : start;
    let root = trie.wordRoot;
    while (position < end) {
      let piece = -1;
      let pieceEnd = position;
      let node = trie.step(root, text.charCodeAt(position));
      for (let next = position + 1; node >= 0; next += 1) {
        const ending = trie.pieceAt(node);
        if (ending >= 0) {
          piece = ending;
          pieceEnd = next;
        }
        if (next === end) break;
        node = trie.step(node, text.charCodeAt(next));
      }
      if (piece < 0) break;
      this.#ids[length++] = piece;
      position = pieceEnd;
      root = trie.continuationRoot;
    }
    if (position === end && length > count) return length;
    // No piece fits here, so the whole word is unknown, including the part already split.
    this.#ids[count] = this.#unknownId;
    return count + 1;
  }
}

function isTooLong(text: string, start: number, end: number): boolean {
  if (end - start <= wordLengthMax) return false;
  let codePoints = 0;
  for (let position = start; position < end; position += 1) {
    const isLowSurrogate = (text.charCodeAt(position) & 0xfc00) === 0xdc00;
    if (!isLowSurrogate) codePoints += 1;
  }
  return codePoints > wordLengthMax;
}
