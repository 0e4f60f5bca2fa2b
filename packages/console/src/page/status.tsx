import type { Check } from "../contract.ts";

/** A colour; always shown with a word of the same meaning. */
export type Tone = Check["status"] | "unknown";

export function toneOf(check: Check | undefined): Tone {
  return check?.status ?? "unknown";
}

const words: Record<Tone, string> = { ok: "ok", slow: "slow", failed: "down", unknown: "unknown" };

export function StatusDot({ tone }: { tone: Tone }) {
  return <span class={`dot ${tone}`} aria-hidden="true" />;
}

/** @param word replaces the tone's default */
export function Status({ tone, word }: { tone: Tone; word?: string }) {
  return (
    <span class={`status ${tone}`}>
      <StatusDot tone={tone} />
      {word ?? words[tone]}
    </span>
  );
}

/** The full cause of a failed or slow check. */
export function Cause({ check }: { check: Check | undefined }) {
  if (!check?.cause) return null;
  return (
    <p class={`cause ${check.status}`} title={check.since && `since ${new Date(check.since).toLocaleString("en-GB")}`}>
      {check.cause}
    </p>
  );
}
