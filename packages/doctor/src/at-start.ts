import type { ProcessContext } from "@millrace/shared";
import { ConfigurationError, delay } from "@millrace/shared";
import { type DiagnoseOptions, diagnose, type ListExaminations } from "./diagnose.ts";
import type { DependencyReport, Report } from "./report.ts";
import type { DoctorSettings, ExaminedProcess } from "./subject.ts";

/** How soon all checks run again after a failure. */
const AGAIN_MS = 60_000;
/**
 * Processes that start together miss what the others are about to create: only a failure that outlasts this is
 * reported.
 */
const SETTLING_MS = 5_000;

type Context = Pick<ProcessContext<DoctorSettings>, "config" | "log" | "health" | "stop">;

/**
 * Runs the checks of `millrace doctor` beside the start of a process: one log line per dependency, and the report for
 * the api. A failure stops nothing, since the work waits for its dependencies anyway; the checks repeat until all pass
 * once, because a service may come back and another process may create what was missing.
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

/** `undefined` if, say, a file is missing: the process itself will refuse its configuration for that. */
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
