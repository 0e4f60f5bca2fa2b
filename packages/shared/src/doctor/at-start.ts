import { ConfigurationError } from "../config.ts";
import type { ProcessContext } from "../lifecycle.ts";
import { type DiagnoseOptions, diagnose } from "./diagnose.ts";
import type { DependencyReport } from "./report.ts";
import type { DoctorSettings, ProcessName } from "./settings.ts";

/**
 * Does for a process at its start what `millrace doctor` does, beside the start itself: a line of the log for each
 * dependency, and the report for whoever asks the api. What fails here ends nothing, since the work waits for it anyway.
 */
export async function examineAtStart(
  process: ProcessName,
  { config, log, health }: Pick<ProcessContext<DoctorSettings>, "config" | "log" | "health">,
  options: DiagnoseOptions = {},
): Promise<void> {
  try {
    const report = await diagnose(process, config, options);
    health.examined({ ...report, dependencies: report.dependencies.map(({ steps: _, ...rest }) => rest) });
    for (const dependency of report.dependencies) {
      log.record("doctor.check", dependency.status, dependency.durationMs, detailsOf(dependency));
    }
  } catch (error) {
    // The process itself meets it too, and says so.
    if (!(error instanceof ConfigurationError)) throw error;
  }
}

function detailsOf({ dependency, steps, failure }: DependencyReport) {
  if (!failure) return { dependency, steps: steps.map(({ step }) => step) };
  const { said: cause, remedy, ...found } = failure;
  return { dependency, ...found, cause, remedy: remedy.text, ...(remedy.policy && { policy: remedy.policy }) };
}
