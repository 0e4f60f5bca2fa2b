import type { ProcessContext } from "@millrace/shared";
import { ConfigurationError, delay } from "@millrace/shared";
import { type DiagnoseOptions, diagnose, type ListExaminations } from "./diagnose.ts";
import type { DependencyReport, Report } from "./report.ts";
import type { DoctorSettings, ExaminedProcess } from "./subject.ts";

/** How soon everything is tried again where something failed. */
const AGAIN_MS = 60_000;
/** Processes that start together miss what the others are about to make: a failure is told when it is still one after this. */
const SETTLING_MS = 5_000;

type Context = Pick<ProcessContext<DoctorSettings>, "config" | "log" | "health" | "stop">;

/**
 * Does for a process at its start what `millrace doctor` does, beside the start itself: a line of the log for each
 * dependency, and the report for whoever asks the api. What fails ends nothing, since the work waits for it anyway; it is
 * tried again until all works once, for what was away comes back, and another process may make what was missing.
 */
export async function examineAtStart(
  process: ExaminedProcess,
  { config, log, health, stop }: Context,
  examinationsOf: ListExaminations,
  options: DiagnoseOptions = {},
): Promise<void> {
  const examine = () => examined(process, config, examinationsOf, options);
  const pause = (ms: number) => delay(ms, stop).catch(() => undefined);
  let report = await examine();
  if (report?.status === "failed") {
    await pause(SETTLING_MS);
    report = await examine();
  }
  while (report) {
    tell(report, { log, health });
    if (report.status === "ok") return;
    await pause(AGAIN_MS);
    if (stop.aborted) return;
    report = await examine();
  }
}

function tell(report: Report, { log, health }: Pick<Context, "log" | "health">): void {
  health.examined({ ...report, dependencies: report.dependencies.map(({ steps: _, ...rest }) => rest) });
  for (const dependency of report.dependencies) {
    log.record("doctor.check", dependency.status, dependency.durationMs, detailsOf(dependency));
  }
}

/** Nothing where a file is missing, say: the process itself meets that too, and refuses its configuration. */
async function examined(
  process: ExaminedProcess,
  settings: DoctorSettings,
  examinationsOf: ListExaminations,
  options: DiagnoseOptions,
): Promise<Report | undefined> {
  try {
    return await diagnose(process, settings, examinationsOf, options);
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

function detailsOf({ dependency, steps, failure }: DependencyReport) {
  if (!failure) return { dependency, steps: steps.map(({ step }) => step) };
  const { said: cause, remedy, ...found } = failure;
  return { dependency, ...found, cause, remedy: remedy.text, ...(remedy.policy && { policy: remedy.policy }) };
}
