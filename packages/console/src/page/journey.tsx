import { useEffect, useState } from "preact/hooks";
import { formatDuration, formatTime } from "./format.ts";
import { ask } from "./requests.ts";
import { Status } from "./status.tsx";

const milestones = ["published", "ingested", "embedded", "stored", "dead_lettered"] as const;
type JourneyMilestone = (typeof milestones)[number];

interface MessageStatus {
  state: JourneyMilestone;
  milestones: Partial<Record<JourneyMilestone, string>>;
  record?: { error_code: string | null; error_cause: string | null };
}

const POLL_MS = 150;
/** Polling slows down to this interval while a message waits. */
const POLL_MAX_MS = 5_000;
/** How long to poll for the last milestone, which may follow the row with a delay. */
const ENDED_GRACE_MS = 2_000;

/** Follows one message through the stages until it is stored or dead-lettered. */
export function Journey({ id }: { id: string }) {
  const [status, setStatus] = useState<MessageStatus>();
  useEffect(() => follow(id, setStatus), [id]);
  const dead = status?.state === "dead_lettered";
  const steps = milestones.filter((milestone) => milestone !== (dead ? "stored" : "dead_lettered"));
  const startedAt = status?.milestones.published;
  return (
    <li class={`journey ${status?.state ?? ""}`} data-id={id}>
      <p class="row">
        <code>{id}</code>
        <span role="status">{status && <Ending status={status} />}</span>
      </p>
      <ol class="steps">
        {steps.map((step) => (
          <Step key={step} step={step} at={status?.milestones[step]} startedAt={startedAt} />
        ))}
      </ol>
      {status?.record?.error_cause && (
        <p class="cause failed">
          {status.record.error_code}: {status.record.error_cause}
        </p>
      )}
    </li>
  );
}

function Ending({ status }: { status: MessageStatus }) {
  if (status.state === "stored") return <Status tone="ok" word="stored" />;
  if (status.state === "dead_lettered") return <Status tone="failed" word="dead-lettered" />;
  return <Status tone="unknown" word={status.state} />;
}

interface StepProps {
  step: JourneyMilestone;
  at: string | undefined;
  startedAt: string | undefined;
}

function Step({ step, at, startedAt }: StepProps) {
  return (
    <li class={at ? `reached ${step}` : step} data-step={step}>
      <span>{step.replace("_", "-")}</span>
      <span class="when" title={at && formatTime(at)}>
        {at && startedAt && timeOf(step, at, startedAt)}
      </span>
    </li>
  );
}

function timeOf(step: JourneyMilestone, at: string, startedAt: string): string {
  if (step === "published") return formatTime(at);
  const ms = Math.max(0, Date.parse(at) - Date.parse(startedAt));
  // Milestones have millisecond precision.
  return `+${ms < 1_000 ? `${ms} ms` : formatDuration(ms)}`;
}

function follow(id: string, update: (status: MessageStatus) => void): () => void {
  const left = new AbortController();
  let endedAt: number | undefined;
  let delayMs = POLL_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async (): Promise<void> => {
    const answer = await ask<MessageStatus>(`/status/${encodeURIComponent(id)}`, { signal: left.signal });
    if (left.signal.aborted) return;
    if ("body" in answer) {
      update(answer.body);
      if (hasEnded(answer.body)) endedAt ??= performance.now();
      if (endedAt !== undefined && (isWhole(answer.body) || performance.now() - endedAt > ENDED_GRACE_MS)) return;
    }
    timer = setTimeout(() => void look(), delayMs);
    delayMs = Math.min(POLL_MAX_MS, delayMs * 1.1);
  };
  timer = setTimeout(() => void look(), POLL_MS);
  return () => {
    left.abort();
    clearTimeout(timer);
  };
}

function hasEnded({ state }: MessageStatus): boolean {
  return state === "stored" || state === "dead_lettered";
}

function isWhole({ state, milestones: reached }: MessageStatus): boolean {
  return reached[state] !== undefined && reached.published !== undefined;
}
