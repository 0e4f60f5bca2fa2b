import { useRef, useState } from "preact/hooks";
import { fromMarkup, inText, type TextPart } from "./highlight.ts";
import { Problem } from "./problem.tsx";
import { ask } from "./requests.ts";

const modes = [
  ["semantic", "Meaning"],
  ["text", "Words"],
  ["hybrid", "Both"],
] as const;
type SearchBy = (typeof modes)[number][0];

interface FoundMessage {
  id: string;
  score: number;
  text: string;
  highlight?: string;
}

interface Found {
  query: string;
  hits: readonly FoundMessage[];
  degraded?: string;
  tookMs: number;
}

const HITS = 6;

export function SearchPanel() {
  const { mode, choose, input, search, found, problem } = useSearch();
  return (
    <section id="search" class="panel" aria-labelledby="search-title">
      <h2 id="search-title">Search</h2>
      <search>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            search();
          }}
        >
          <label for="query">Query</label>
          <div class="row">
            <input id="query" type="search" ref={input} required placeholder="where is my parcel?" autocomplete="off" />
            <button type="submit" class="primary">
              Search
            </button>
          </div>
          <ModeSwitch mode={mode} choose={choose} />
        </form>
      </search>
      <Problem text={problem} />
      <p class="hint" role="status">
        {found && summary(found)}
      </p>
      {found?.degraded && <p class="cause slow">{found.degraded}</p>}
      <ol class="hits">
        {found?.hits.map((hit) => (
          <HitItem key={hit.id} hit={hit} query={found.query} />
        ))}
      </ol>
    </section>
  );
}

function useSearch() {
  const [mode, setMode] = useState<SearchBy>("hybrid");
  const [found, setFound] = useState<Found>();
  const [problem, setProblem] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  /** Numbers the searches: a response that arrives after a later search is dropped. */
  const latest = useRef(0);

  const search = async (chosen: SearchBy): Promise<void> => {
    const query = input.current?.value.trim() ?? "";
    if (query === "") return;
    const number = ++latest.current;
    const startedAt = performance.now();
    const answer = await ask<Omit<Found, "query" | "tookMs">>(
      `/search?${new URLSearchParams({ q: query, mode: chosen, k: String(HITS) })}`,
    );
    if (number !== latest.current) return;
    setProblem("problem" in answer ? answer.problem : undefined);
    setFound("problem" in answer ? undefined : { ...answer.body, query, tookMs: performance.now() - startedAt });
  };
  const choose = (chosen: SearchBy): void => {
    setMode(chosen);
    if (found) void search(chosen);
  };
  return { mode, choose, input, search: () => void search(mode), found, problem };
}

function ModeSwitch({ mode, choose }: { mode: SearchBy; choose(mode: SearchBy): void }) {
  return (
    <fieldset class="segments">
      <legend class="unseen">Search by</legend>
      {modes.map(([value, label]) => (
        <label key={value}>
          <input type="radio" name="mode" value={value} checked={mode === value} onChange={() => choose(value)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function summary({ hits, tookMs }: Found): string {
  if (hits.length === 0) return "No messages found.";
  return `${hits.length} ${hits.length === 1 ? "message" : "messages"}, best first, in ${Math.round(tookMs)} ms`;
}

function HitItem({ hit, query }: { hit: FoundMessage; query: string }) {
  const parts = hit.highlight === undefined ? inText(hit.text, query) : fromMarkup(hit.highlight);
  return (
    <li>
      <p class="hit-text">{parts.map(highlighted)}</p>
      <p class="hit-origin">
        <code>{hit.id}</code>
        <span>score {hit.score.toFixed(3)}</span>
      </p>
    </li>
  );
}

function highlighted({ text, found }: TextPart) {
  return found ? <mark>{text}</mark> : text;
}
