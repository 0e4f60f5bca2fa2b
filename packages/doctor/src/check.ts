import { setTimeout as sleep } from "node:timers/promises";
import { aborted, describeCause } from "@millrace/shared";
import type { Examination, StepCheck } from "./examination.ts";
import { networkFailure } from "./network.ts";
import type { CheckFailure, StepReport } from "./report.ts";
import type { Step } from "./step.ts";

export interface ExaminationOutcome {
  steps: StepReport[];
  durationMs: number;
  failure?: CheckFailure & { step: Step; tried: string };
}

/** Time limit of each step; a network that drops packets shows in the first two. */
export const stepLimitsMs: Record<Step, number> = {
  dns: 3_000,
  tcp: 3_000,
  tls: 3_000,
  authentication: 10_000,
  authorization: 10_000,
  probe: 10_000,
  cleanup: 3_000,
};

/** A client that waits for an unresponsive server is abandoned after this. */
const CLOSES_WITHIN_MS = 500;

/** Runs the checks in order and skips the rest after the first failure. Never rejects. */
export async function examine(
  examination: Examination,
  limitMs: (step: Step) => number,
  onStep: (report: StepReport) => void,
): Promise<ExaminationOutcome> {
  const startedAt = performance.now();
  const steps: StepReport[] = [];
  let failure: ExaminationOutcome["failure"];
  for (const check of examination.checks) {
    const report = failure ? skipped(check) : await attempt(check);
    steps.push(report);
    onStep(report);
  }
  await Promise.race([
    examination.close?.().catch(() => undefined),
    sleep(CLOSES_WITHIN_MS, undefined, { ref: false }),
  ]);
  return { steps, durationMs: performance.now() - startedAt, ...(failure && { failure }) };

  async function attempt(check: StepCheck): Promise<StepReport> {
    const { step } = check;
    const began = performance.now();
    const outcome = await within(limitMs(step), check, examination);
    const durationMs = performance.now() - began;
    if (typeof outcome === "string") return { step, status: "ok", durationMs, tried: check.tried, said: outcome };
    const tried = outcome.tried ?? check.tried;
    failure = { ...outcome, step, tried };
    return { step, status: "failed", durationMs, tried, said: outcome.said };
  }
}

function skipped({ step, tried }: StepCheck): StepReport {
  return { step, status: "skipped", durationMs: 0, tried };
}

/** A check that ignores its signal is abandoned: the report goes on without it. */
async function within(limitMs: number, check: StepCheck, { explain }: Examination): Promise<string | CheckFailure> {
  const limit = new AbortController();
  const over = aborted(limit.signal).then(() => timedOut(check, limitMs));
  const timer = setTimeout(() => limit.abort(), limitMs);
  try {
    return await Promise.race([check.run(limit.signal), over]);
  } catch (error) {
    if (limit.signal.aborted) return timedOut(check, limitMs);
    const known = explain?.(error, check.step) ?? networkFailure(error, check.step);
    return known ?? { code: "failed", said: describeCause(error) };
  } finally {
    clearTimeout(timer);
  }
}

const timeoutCodes = { dns: "dns_failed", tcp: "tcp_timeout", tls: "tls_timeout" } as const;

function timedOut({ step, timeoutCode }: StepCheck, limitMs: number): CheckFailure {
  const code = timeoutCode ?? timeoutCodes[step as keyof typeof timeoutCodes] ?? "no_answer";
  return { code, said: `no answer within ${limitMs} ms` };
}
