import type { CheckFailure, DependencyName } from "./report.ts";
import type { Step } from "./step.ts";
import type { VerdictCode } from "./verdicts.ts";

/** One thing to try. Returns the response, or why it failed. */
export interface StepCheck {
  step: Step;
  tried: string;
  /** What a timeout means, if it differs from the step's default. */
  timeoutCode?: VerdictCode;
  run(signal: AbortSignal): Promise<string | CheckFailure>;
}

/** The checks of one dependency of a process. */
export interface Examination {
  dependency: DependencyName;
  /** Values for the placeholders of remedies, such as the variable of the address. */
  names: Record<string, string>;
  checks: StepCheck[];
  /** Explains an error of a check; `undefined` if it is not specific to the dependency, such as a network error. */
  explain?(error: unknown, step: Step): CheckFailure | undefined;
  /** Closes what the checks opened, however far they came. */
  close?(): Promise<void>;
}
