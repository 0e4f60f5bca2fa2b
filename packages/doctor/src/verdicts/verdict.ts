import type { Step } from "../step.ts";

export interface Verdict {
  /** The earliest step at which it shows; it may also show at a later one. */
  step: Step;
  meaning: string;
  /** `{name}` is a placeholder for what the check knows, such as the variable to set. */
  remedy: string;
}

export const verdict = (step: Step, meaning: string, remedy: string): Verdict => ({ step, meaning, remedy });
