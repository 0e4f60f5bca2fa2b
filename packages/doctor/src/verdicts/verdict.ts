import type { Step } from "../report.ts";

export interface Verdict {
  /** The step at which it shows first; it may show at a later one too. */
  step: Step;
  meaning: string;
  /** `{name}` stands for what the check knows, such as the variable that is to be set. */
  remedy: string;
}

export const verdict = (step: Step, meaning: string, remedy: string): Verdict => ({ step, meaning, remedy });
