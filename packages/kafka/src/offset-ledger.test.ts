import fc from "fast-check";
import { expect, test } from "vitest";
import { type LedgerEntry, OffsetLedger } from "./offset-ledger.ts";

/** Ascending offsets with gaps, and an order in which they end. */
const deliveries = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3_000 })
  .map((steps) => {
    let offset = -1;
    return steps.map((step) => {
      offset += step;
      return offset;
    });
  })
  .chain((offsets) =>
    fc.record({
      offsets: fc.constant(offsets),
      order: fc.shuffledSubarray(offsets, { minLength: 0, maxLength: offsets.length }),
    }),
  );

test("the committable offset covers exactly the records before the first that is not done, in any order", () => {
  fc.assert(
    fc.property(deliveries, ({ offsets, order }) => {
      const ledger = new OffsetLedger();
      const entries = new Map(offsets.map((offset) => [offset, ledger.begin(offset) as LedgerEntry]));
      const done = new Set<number>();
      for (const offset of order) {
        ledger.finish(entries.get(offset) as LedgerEntry);
        done.add(offset);
        const firstOpen = offsets.findIndex((each) => !done.has(each));
        const lastDone = firstOpen === -1 ? offsets.at(-1) : offsets[firstOpen - 1];
        expect(ledger.committable).toBe(lastDone === undefined ? undefined : lastDone + 1);
      }
      expect(ledger.inFlight).toBe(offsets.length - done.size);
    }),
    { numRuns: 60 },
  );
});

/** Thousands of records, each of which ends a few others later: so the ledger forgets again and again what is done. */
const longRuns = fc.array(fc.nat(30), { minLength: 2_500, maxLength: 6_000 }).map((delays) => {
  const ends = delays.map((delay, offset) => ({ offset, endsAt: offset + delay }));
  return ends.toSorted((left, right) => left.endsAt - right.endsAt).map(({ offset }) => offset);
});

test("in a long run too: what is in flight stays so when what is done before it is forgotten", () => {
  fc.assert(
    fc.property(longRuns, (order) => {
      const ledger = new OffsetLedger();
      const entries = order.map((_, offset) => ledger.begin(offset) as LedgerEntry);
      const done = new Set<number>();
      let firstOpen = 0;
      for (const offset of order) {
        ledger.finish(entries[offset] as LedgerEntry);
        done.add(offset);
        while (done.has(firstOpen)) firstOpen++;
        if (ledger.committable !== (firstOpen === 0 ? undefined : firstOpen))
          expect(ledger.committable).toBe(firstOpen);
      }
      expect(ledger.committable).toBe(order.length);
      expect(ledger.inFlight).toBe(0);
    }),
    { numRuns: 20 },
  );
});

test("refuses a record that is delivered again, whether it is in flight or done", () => {
  const ledger = new OffsetLedger();
  const first = ledger.begin(7) as LedgerEntry;
  expect(ledger.begin(7)).toBeUndefined();
  ledger.finish(first);
  expect(ledger.begin(7)).toBeUndefined();
  expect(ledger.begin(3)).toBeUndefined();
  expect(ledger.begin(8)).toBeDefined();
});

test("finishing twice changes nothing", () => {
  const ledger = new OffsetLedger();
  const entry = ledger.begin(0) as LedgerEntry;
  const second = ledger.begin(1) as LedgerEntry;
  ledger.finish(entry);
  ledger.finish(entry);
  expect(ledger.committable).toBe(1);
  ledger.finish(second);
  expect(ledger.committable).toBe(2);
});

test("keeps only the records in flight, however long it runs", () => {
  const ledger = new OffsetLedger();
  const open = Array.from({ length: 10 }, (_, offset) => ledger.begin(offset) as LedgerEntry);
  for (let offset = 10; offset < 100_000; offset++) {
    open.push(ledger.begin(offset) as LedgerEntry);
    ledger.finish(open.shift() as LedgerEntry);
  }
  expect(ledger.committable).toBe(99_990);
  expect(ledger.inFlight).toBe(10);
});
