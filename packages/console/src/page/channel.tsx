import { formatCount, formatNumber } from "./format.ts";

interface ChannelProps {
  topics: readonly string[] | undefined;
  /** Records that wait in it; null where that is not known. */
  lag: number | null;
  /** Messages a second that its reader takes out. */
  rate: number | null | undefined;
}

/** A topic as the stretch of water between two stages: the more waits in it, the higher it stands. */
export function Channel({ topics, lag, rate }: ChannelProps) {
  const flowing = rate !== null && rate !== undefined && rate > 0;
  const flow = flowing ? `${formatNumber(rate)} messages per second` : "idle";
  return (
    <li class="channel" data-topic={topics?.join(",")}>
      <div class="water-course" aria-hidden="true">
        <div
          class={flowing ? "water flowing" : "water"}
          style={{ "--level": String(levelOf(lag)), "--period": `${periodOf(rate)}s` }}
        />
      </div>
      <p class="topic">{topics ? topics.map(shortName).join(", ") : "…"}</p>
      <p class="lag" data-lag={lag ?? ""}>
        {lag === null ? "lag unknown" : lag === 0 ? "no lag" : `${formatCount(lag)} behind`}
        <span class="unseen">, {flow}</span>
      </p>
    </li>
  );
}

/** A namespace before the name says nothing within one pipeline. */
function shortName(topic: string): string {
  return topic.replace(/^millrace\./, "");
}

/** From a trickle to the brim, by powers of ten: 0 to 1, at 100,000 records. */
function levelOf(lag: number | null): number {
  return lag === null ? 0 : Math.min(1, 0.18 + (Math.log10(1 + lag) / 5) * 0.82);
}

/** Seconds in which the water moves on by one wave, in steps, so that a new rate seldom makes it jump. */
function periodOf(rate: number | null | undefined): number {
  if (!rate || rate < 1) return 6;
  return rate < 10 ? 4 : rate < 100 ? 2.4 : 1.4;
}
