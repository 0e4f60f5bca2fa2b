import { Distribution } from "@millrace/shared";

export const SLOTS_MAX = 120;
const FIRST_SLOT_MS = 1_000;

/** One series in one slot of time. */
export interface Cell {
  latency: Distribution;
  messages: number;
}

type Slots = Map<number, Map<string, Cell>>;

/**
 * Series over time in at most 120 slots: when they span more time, neighbours are merged and each slot becomes twice as
 * long. This bounds the memory, whatever the logs span and in whichever order they are read.
 */
export class Timeline {
  slotMs = FIRST_SLOT_MS;
  #slots: Slots = new Map();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  cell(atMs: number, series: string): Cell {
    this.#makeRoom(atMs);
    return cellOf(this.#slots, Math.floor(atMs / this.slotMs), series);
  }

  /** The slots that contain anything, by time. */
  get slots(): { atMs: number; cells: ReadonlyMap<string, Cell> }[] {
    return [...this.#slots]
      .sort(([one], [other]) => one - other)
      .map(([slot, cells]) => ({ atMs: slot * this.slotMs, cells }));
  }

  #makeRoom(atMs: number): void {
    this.#first = Math.min(this.#first, atMs);
    this.#last = Math.max(this.#last, atMs);
    while (Math.floor(this.#last / this.slotMs) - Math.floor(this.#first / this.slotMs) >= SLOTS_MAX) this.#double();
  }

  #double(): void {
    this.slotMs *= 2;
    const doubled: Slots = new Map();
    for (const [slot, cells] of this.#slots) {
      for (const [series, { latency, messages }] of cells) {
        const cell = cellOf(doubled, Math.floor(slot / 2), series);
        cell.latency.merge(latency);
        cell.messages += messages;
      }
    }
    this.#slots = doubled;
  }
}

function cellOf(slots: Slots, slot: number, series: string): Cell {
  const cells = slots.get(slot) ?? new Map<string, Cell>();
  slots.set(slot, cells);
  const cell = cells.get(series) ?? { latency: new Distribution(), messages: 0 };
  cells.set(series, cell);
  return cell;
}
