import type { OffsetRange } from "@millrace/kafka";

/** What the stores hold at one offset of a source partition. */
export const found = { info: 1, error: 2, document: 4, doubled: 8, expected: 16 } as const;

export type Finding = "missing row" | "missing document" | "doubled document" | "orphaned document" | "orphaned row";

export interface PartitionReport {
  partition: number;
  /** Messages of the source in the range, as far as it was read. */
  messages: number;
  complete: number;
  deadLettered: number;
  findings: Map<Finding, number[]>;
}

/** Offsets examined together: one byte each. */
export const WINDOW = 262_144;

/**
 * Judges a window of offsets by what the stores hold.
 *
 * @param flags one byte of `found` flags for each offset from `start`
 * @param expectsDocument whether every stored message needs a document at its own offset, or only those flagged
 * `expected` (documents by key: a later message replaced it)
 */
export function judge(
  flags: Uint8Array,
  start: number,
  expectsDocument: boolean,
  report: PartitionReport,
): { absent: number[] } {
  const absent: number[] = [];
  for (let index = 0; index < flags.length; index++) {
    const flag = flags[index] ?? 0;
    const offset = start + index;
    const hasDocument = (flag & found.document) !== 0;
    const mustHave = (flag & found.info) !== 0 && (expectsDocument || (flag & found.expected) !== 0);
    if (flag === 0) absent.push(offset);
    else if ((flag & (found.info | found.error)) === 0) add(report, "missing row", offset);
    else if (flag & found.error && hasDocument) add(report, "orphaned document", offset);
    else if (mustHave && !hasDocument) add(report, "missing document", offset);
    else if (flag & found.doubled) add(report, "doubled document", offset);
    else if (flag & found.error) report.deadLettered++;
    else report.complete++;
  }
  return { absent };
}

export function add(report: PartitionReport, finding: Finding, offset: number): void {
  const offsets = report.findings.get(finding);
  if (offsets) offsets.push(offset);
  else report.findings.set(finding, [offset]);
}

/** Offsets whose messages must be sent through the pipeline again. */
export function repairable(report: PartitionReport): number[] {
  return [...(report.findings.get("missing row") ?? []), ...(report.findings.get("missing document") ?? [])];
}

/** Offsets that are closer together are read in one go. */
const GAP_MAX = 1_000;

/** The ranges to read for some offsets in ascending order. */
export function stretchesOf(partition: number, offsets: readonly number[]): OffsetRange[] {
  const stretches: OffsetRange[] = [];
  for (const offset of offsets) {
    const last = stretches.at(-1);
    if (last && offset - last.to <= GAP_MAX) last.to = offset + 1;
    else stretches.push({ partition, from: offset, to: offset + 1 });
  }
  return stretches;
}
