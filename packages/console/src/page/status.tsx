import type { Check } from "../contract.ts";

/** What a thing's colour says, always beside a word that says the same. */
export type Tone = Check["status"] | "unknown";

export function toneOf(check: Check | undefined): Tone {
  return check?.status ?? "unknown";
}

const words: Record<Tone, string> = { ok: "ok", slow: "slow", failed: "down", unknown: "unknown" };

export function StatusDot({ tone }: { tone: Tone }) {
  return <span class={`dot ${tone}`} aria-hidden="true" />;
}

/** @param word replaces the tone's own */
export function Status({ tone, word }: { tone: Tone; word?: string }) {
  return (
    <span class={`status ${tone}`}>
      <StatusDot tone={tone} />
      {word ?? words[tone]}
    </span>
  );
}

/** Why something does not work as it should, in full. */
export function Cause({ check }: { check: Check | undefined }) {
  if (!check?.cause) return null;
  return (
    <p class={`cause ${check.status}`} title={check.since && `since ${new Date(check.since).toLocaleString("en-GB")}`}>
      {check.cause}
    </p>
  );
}
