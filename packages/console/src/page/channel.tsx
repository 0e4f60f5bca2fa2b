import { formatCount, formatNumber } from "./format.ts";

interface ChannelProps {
  topics: readonly string[] | undefined;
  /** Records waiting in it; null if unknown. */
  lag: number | null;
  /** Messages per second that its consumer reads. */
  rate: number | null | undefined;
}

/** Draws a topic as the water between two stages: the larger the lag, the higher its level. */
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

/** Drops the namespace, which is the same for all topics of a pipeline. */
function shortName(topic: string): string {
  return topic.replace(/^millrace\./, "");
}

/** The water level from 0 to 1, on a logarithmic scale; 1 at 100,000 records. */
function levelOf(lag: number | null): number {
  return lag === null ? 0 : Math.min(1, 0.18 + (Math.log10(1 + lag) / 5) * 0.82);
}

/** Seconds per wave, in steps, so that a new rate seldom restarts the animation. */
function periodOf(rate: number | null | undefined): number {
  if (!rate || rate < 1) return 6;
  return rate < 10 ? 4 : rate < 100 ? 2.4 : 1.4;
}
