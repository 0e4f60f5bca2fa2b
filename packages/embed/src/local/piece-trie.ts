/**
 * The word pieces as a trie over UTF-16 code units, so that lookups create no substrings.
 *
 * Its edges are in one open-addressing hash table keyed by (node, symbol). Symbols number the thousand or so code units of
 * the vocabulary, which keeps a key within 31 bits. Uppercase ASCII letters share the symbol of the lowercase ones, so
 * plain ASCII text needs no lowercasing.
 */
export interface PieceTrie {
  /** Root for a word's first piece. */
  readonly wordRoot: number;
  /** Root for a word's further pieces ("##ing"). */
  readonly continuationRoot: number;
  /** The child node for a code unit, or -1. */
  step(node: number, code: number): number;
  /** The id of the piece that ends at a node, or -1. */
  pieceAt(node: number): number;
}

const continuationPrefix = "##";
const [wordRoot, continuationRoot, firstFreeNode] = [0, 1, 2];
const none = -1;
const keyMax = 2 ** 31 - 1;

/** pieces: a piece's index is its id. */
export function buildPieceTrie(pieces: readonly string[]): PieceTrie {
  const symbols = numberCodeUnits(pieces);
  const nodesMax = firstFreeNode + pieces.reduce((sum, piece) => sum + piece.length, 0);
  const edges = new EdgeTable(nodesMax);
  const symbolCount = symbols.reduce((most, symbol) => Math.max(most, symbol), 0) + 1;
  if (nodesMax * symbolCount > keyMax) throw new Error("The vocabulary is too large for 31-bit keys.");
  const pieceIds = new Int32Array(nodesMax).fill(none);
  let nodeCount = firstFreeNode;

  pieces.forEach((piece, id) => {
    const continues = piece.startsWith(continuationPrefix) && piece.length > continuationPrefix.length;
    let node = continues ? continuationRoot : wordRoot;
    for (let position = continues ? continuationPrefix.length : 0; position < piece.length; position += 1) {
      const key = node * symbolCount + (symbols[piece.charCodeAt(position)] ?? 0);
      let child = edges.get(key);
      if (child === none) {
        child = nodeCount++;
        edges.set(key, child);
      }
      node = child;
    }
    pieceIds[node] = id;
  });

  return {
    wordRoot,
    continuationRoot,
    step(node, code) {
      const symbol = symbols[code] ?? 0;
      return symbol === 0 ? none : edges.get(node * symbolCount + symbol);
    },
    pieceAt: (node) => pieceIds[node] ?? none,
  };
}

/** Numbers the code units of the pieces from 1; all others are 0. */
function numberCodeUnits(pieces: readonly string[]): Uint16Array {
  const symbols = new Uint16Array(0x1_0000);
  let last = 0;
  for (const piece of pieces) {
    for (let position = 0; position < piece.length; position += 1) {
      const code = piece.charCodeAt(position);
      if (symbols[code] === 0) symbols[code] = ++last;
    }
  }
  for (const small of "abcdefghijklmnopqrstuvwxyz") {
    symbols[small.toUpperCase().charCodeAt(0)] = symbols[small.charCodeAt(0)] ?? 0;
  }
  return symbols;
}

/** A map from non-negative 31-bit keys to node numbers, at most half full, with linear probing. */
class EdgeTable {
  readonly #keys: Int32Array;
  readonly #nodes: Int32Array;
  readonly #shift: number;
  readonly #mask: number;

  constructor(entriesMax: number) {
    const bits = Math.ceil(Math.log2(entriesMax)) + 1;
    this.#keys = new Int32Array(2 ** bits).fill(none);
    this.#nodes = new Int32Array(2 ** bits).fill(none);
    this.#shift = 32 - bits;
    this.#mask = 2 ** bits - 1;
  }

  get(key: number): number {
    return this.#nodes[this.#slotOf(key)] ?? none;
  }

  set(key: number, node: number): void {
    const slot = this.#slotOf(key);
    this.#keys[slot] = key;
    this.#nodes[slot] = node;
  }

  #slotOf(key: number): number {
    // Fibonacci hashing: the golden ratio of 2^32 spreads neighbouring keys over the table.
    let slot = Math.imul(key, 0x9e3779b1) >>> this.#shift;
    while (this.#keys[slot] !== key && this.#keys[slot] !== none) slot = (slot + 1) & this.#mask;
    return slot;
  }
}
