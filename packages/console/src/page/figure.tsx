import type { ComponentChildren } from "preact";
import type { LatencyFigures } from "../contract.ts";
import { formatDuration, formatNumber } from "./format.ts";

/** A name and its current value; the markup has the exact value for programs. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Duration({ ms }: { ms: number | undefined }) {
  return ms === undefined ? <>–</> : <data value={ms}>{formatDuration(ms)}</data>;
}

export function Rate({ perSecond }: { perSecond: number | null | undefined }) {
  if (perSecond === null || perSecond === undefined) return <data value="">–</data>;
  return <data value={perSecond}>{formatNumber(perSecond)}</data>;
}

export function Percentiles({ latency }: { latency: LatencyFigures | undefined }) {
  return (
    <>
      <Fact name="p50">
        <Duration ms={latency?.p50Ms} />
      </Fact>
      <Fact name="p99">
        <Duration ms={latency?.p99Ms} />
      </Fact>
    </>
  );
}
