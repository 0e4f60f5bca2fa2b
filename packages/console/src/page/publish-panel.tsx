import { useId, useState } from "preact/hooks";
import { Journey } from "./journey.tsx";
import { Problem } from "./problem.tsx";
import { type ApiResult, post } from "./requests.ts";

interface PublishResponse {
  messages: readonly { id: string }[];
}

/** Maximum messages followed at a time; a new one replaces the oldest. */
const FOLLOWED_MAX = 4;

export function PublishPanel() {
  const [text, setText] = useState("");
  const [followed, setFollowed] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<string>();
  const [sending, setSending] = useState(false);
  const hint = useId();

  const publish = async (): Promise<void> => {
    setSending(true);
    const answer: ApiResult<PublishResponse> = await post("/publish", { text });
    setSending(false);
    if ("problem" in answer) return setProblem(answer.problem);
    setProblem(undefined);
    setText("");
    setFollowed((before) => [...answer.body.messages.map(({ id }) => id), ...before].slice(0, FOLLOWED_MAX));
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!sending) void publish();
  };
  return (
    <section id="publish" class="panel" aria-labelledby="publish-title">
      <h2 id="publish-title">Publish and follow</h2>
      <form onSubmit={submit}>
        <label for="message">Message</label>
        <textarea
          id="message"
          rows={3}
          value={text}
          aria-describedby={hint}
          placeholder="My card has not arrived yet"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && submit(event)}
        />
        <div class="row">
          <p id={hint} class="hint">
            Ctrl + Enter publishes. Publish an empty text to see a message dead-lettered.
          </p>
          <button type="submit" class="primary" aria-disabled={sending}>
            Publish
          </button>
        </div>
      </form>
      <Problem text={problem} />
      <ol class="journeys" aria-label="Followed messages">
        {followed.map((id) => (
          <Journey key={id} id={id} />
        ))}
      </ol>
    </section>
  );
}
