import { useState } from "preact/hooks";
import type { Check, Snapshot } from "../contract.ts";
import type { Live } from "./live.ts";
import { StatusDot, type Tone } from "./status.tsx";
import { applyTheme, storedTheme, type Theme, themes } from "./theme.ts";

export function Masthead({ live }: { live: Live }) {
  const [tone, verdict] = verdictOf(live);
  return (
    <header class="masthead">
      <div class="wordmark">
        <Waves />
        <h1>Millrace</h1>
      </div>
      <p class={`verdict ${tone}`} role="status">
        <StatusDot tone={tone} />
        <span>{verdict}</span>
      </p>
      <nav aria-label="Sections">
        <a href="#publish">Publish</a>
        <a href="#search">Search</a>
        <a href="#latency">Latency</a>
        <a href="#dead-letters">Dead letters</a>
        <a href="#doctor">Doctor</a>
      </nav>
      <ThemeSwitch />
    </header>
  );
}

/** The pipeline's state in one sentence. */
function verdictOf({ snapshot, connected }: Live): [Tone, string] {
  if (!snapshot) return ["unknown", "Connecting to the api…"];
  if (!connected) return ["failed", "The api is not responding; this data may be stale"];
  const failed = namesOf(snapshot, "failed");
  const slow = namesOf(snapshot, "slow");
  const parts = [
    ...(failed.length > 0 ? [`${list(failed)} ${failed.length === 1 ? "needs" : "need"} attention`] : []),
    ...(slow.length > 0 ? [`${list(slow)} ${slow.length === 1 ? "is" : "are"} slow`] : []),
  ];
  if (parts.length > 0) return [failed.length > 0 ? "failed" : "slow", parts.join("; ")];
  return ["ok", "All systems operational"];
}

function namesOf({ checks }: Snapshot, status: Check["status"]): string[] {
  return Object.entries(checks).flatMap(([name, check]) => (check.status === status ? [name] : []));
}

function list(names: readonly string[]): string {
  return new Intl.ListFormat("en").format(names);
}

const labels: Record<Theme, string> = { system: "Auto", light: "Light", dark: "Dark" };

function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (next: Theme): void => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <fieldset class="segments small">
      <legend class="unseen">Colours</legend>
      {themes.map((each) => (
        <label key={each}>
          <input type="radio" name="theme" value={each} checked={theme === each} onChange={() => choose(each)} />
          <span>{labels[each]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Waves() {
  return (
    <svg class="waves" viewBox="0 0 26 20" aria-hidden="true">
      <path d="M2 5q5.5-5 11 0t11 0M2 11q5.5-5 11 0t11 0M2 17q5.5-5 11 0t11 0" />
    </svg>
  );
}
