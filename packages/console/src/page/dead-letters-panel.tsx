import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { DeadLetterEntry, DeadLetterList } from "../contract.ts";
import { formatCount, formatTime } from "./format.ts";
import { Problem } from "./problem.tsx";
import { ask, post } from "./requests.ts";

const SHOWN_MAX = 100;
/** When to reload the list after a replay; by then most messages are stored or dead-lettered again. */
const RELOAD_AFTER_MS = [1_000, 3_000, 8_000];

/** @param deadLettered dead letters since the processes started: the list reloads when it grows */
export function DeadLettersPanel({ deadLettered }: { deadLettered: number }) {
  const [list, setList] = useState<DeadLetterList>();
  const [problem, setProblem] = useState<string>();
  const [said, setSaid] = useState("");
  const read = useCallback(async () => {
    const answer = await ask<DeadLetterList>(`/dead-letters?limit=${SHOWN_MAX}`);
    if ("problem" in answer) return setProblem(answer.problem);
    setProblem(undefined);
    setList(answer.body);
  }, []);
  useEffect(() => {
    void read();
    // The row is written a moment after the message is dead-lettered.
    const timer = setTimeout(() => void read(), 1_500);
    return () => clearTimeout(timer);
  }, [read, deadLettered]);

  const replay = async (ids: readonly string[]): Promise<void> => {
    const answer = await post<{ replayed: number }>("/dead-letters/replay", { ids });
    if ("problem" in answer) return setProblem(answer.problem);
    setProblem(undefined);
    setSaid(`${messages(answer.body.replayed)} sent for replay.`);
    for (const delayMs of RELOAD_AFTER_MS) setTimeout(() => void read(), delayMs);
  };
  const letters = list?.deadLetters ?? [];
  return (
    <section id="dead-letters" class="panel" aria-labelledby="dead-letters-title">
      <div class="row">
        <h2 id="dead-letters-title">Dead letters {list && <span class="count">{formatCount(list.total)}</span>}</h2>
        {letters.length > 0 && <ReplayAll count={letters.length} replay={() => replay(letters.map(({ id }) => id))} />}
      </div>
      <Problem text={problem} />
      <p class="hint" role="status">
        {said}
      </p>
      {list && letters.length === 0 && <p class="empty">No dead letters.</p>}
      <ul class="letters">
        {letters.map((letter) => (
          <Letter key={letter.id} letter={letter} replay={() => replay([letter.id])} />
        ))}
      </ul>
      {list && list.total > letters.length && (
        <p class="hint">Showing the newest {letters.length}; millrace dead-letters list shows all.</p>
      )}
    </section>
  );
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${formatCount(count)} messages`;
}

/** Asks for confirmation, as it may replay a hundred messages. */
function ReplayAll({ count, replay }: { count: number; replay(): Promise<void> }) {
  const [asking, setAsking] = useState<boolean>();
  const first = useRef<HTMLButtonElement>(null);
  // The focused button is replaced, so the new one takes the focus.
  useEffect(() => {
    if (asking !== undefined) first.current?.focus();
  }, [asking]);
  if (!asking) {
    return (
      <button type="button" ref={first} onClick={() => setAsking(true)}>
        Replay all
      </button>
    );
  }
  const confirm = (): void => {
    setAsking(false);
    void replay();
  };
  return (
    <div class="row">
      <button type="button" class="primary" ref={first} onClick={confirm}>
        Replay {messages(count)}
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        Cancel
      </button>
    </div>
  );
}

function Letter({ letter, replay }: { letter: DeadLetterEntry; replay(): Promise<void> }) {
  const { id, code, cause, recordedAt, preview } = letter;
  return (
    <li data-id={id}>
      <div>
        <p class="letter-cause">
          <strong>{code ?? "unknown"}</strong> {cause}
        </p>
        <p class="letter-text">{preview?.trim() ? preview : <em>no text</em>}</p>
        <p class="hit-origin">
          <code>{id}</code>
          <time dateTime={recordedAt}>{formatTime(recordedAt)}</time>
        </p>
      </div>
      <button type="button" onClick={() => void replay()} aria-label={`Replay ${id}`}>
        Replay
      </button>
    </li>
  );
}
