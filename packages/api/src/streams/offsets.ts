/** The next offset to read, by partition. */
export type Offsets = Map<number, number>;

/** The start of a stream; `offsets` has the next offset of each partition. */
export type StreamStart =
  | { at: "now" | "earliest" }
  | { at: "time"; timeMs: number }
  | { at: "offsets"; offsets: Offsets };

/** The form for clients: `0:12,1:7`. */
export function formatOffsets(offsets: ReadonlyMap<number, number>): string {
  return [...offsets].map(([partition, offset]) => `${partition}:${offset}`).join(",");
}

/** Parses `now`, `earliest`, an ISO 8601 time or offsets; `undefined` for anything else. */
export function parseStart(text: string): StreamStart | undefined {
  if (text === "now" || text === "earliest") return { at: text };
  if (/^\d{1,5}:\d{1,15}(,\d{1,5}:\d{1,15})*$/.test(text)) {
    const pairs = text.split(",").map((pair) => pair.split(":").map(Number));
    return { at: "offsets", offsets: new Map(pairs.map(([partition = 0, offset = 0]) => [partition, offset])) };
  }
  const timeMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : { at: "time", timeMs: Math.max(0, timeMs) };
}
